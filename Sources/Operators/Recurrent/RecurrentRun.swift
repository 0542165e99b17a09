import Kernels
import ModelFormat

/// One direction of a recurrent layer: its packed weights and functions.
struct RecurrentDirection: Sendable {
  /// Products of all inputs, and of the states of one step, with all gates.
  let inputs: RowProduct
  let states: RowProduct
  /// The product of one more matrix of states with the last gate; GRU alone needs it.
  let reset: RowProduct?
  /// The functions, in the node's order.
  let functions: [RecurrentActivation]
}

/// The buffers of one run of a direction, in scratch memory.
struct RecurrentBuffers {
  /// Products of inputs with weights, for each step and sample [rows, gates·hidden].
  let inputs: UnsafeMutablePointer<Float>
  /// Products of states with weights, for each sample [batch, gates·hidden].
  let gates: UnsafeMutablePointer<Float>
  /// Two states for each sample [batch, hidden].
  let state: UnsafeMutablePointer<Float>
  let cell: UnsafeMutablePointer<Float>
  /// Scratch memory of the products.
  let products: UnsafeMutableRawPointer
}

extension RecurrentLayer {
  /// The directions of a node; `splitsReset` computes the last gate of the states on its own.
  func directions(
    _ facts: NodeFacts, _ functions: [[RecurrentActivation]], splitsReset: Bool = false
  ) throws(OperatorError) -> [RecurrentDirection] {
    let w = try facts.input(1).constant?.floats()
    let r = try facts.input(2).constant?.floats()
    let all = gates * hidden
    let together = splitsReset ? all - hidden : all
    return reversed.indices.map { direction in
      RecurrentDirection(
        inputs: RowProduct(
          rows: max(1, steps * batch), columns: all, depth: inputSize, input: 1,
          offset: direction * all * inputSize, weights: w),
        states: RowProduct(
          rows: max(1, batch), columns: together, depth: hidden, input: 2,
          offset: direction * all * hidden, weights: r),
        reset: splitsReset
          ? RowProduct(
            rows: max(1, batch), columns: hidden, depth: hidden, input: 2,
            offset: (direction * all + together) * hidden, weights: r) : nil,
        functions: functions[direction])
    }
  }

  /// The inputs of a node that directions have packed.
  func packedInputs(_ facts: NodeFacts) -> [Int] {
    [1, 2].filter { facts.inputs[$0]?.constant != nil }
  }

  /// The sizes of the buffers in floats, each with 64 bytes behind it that may be read.
  private var bufferSizes: [Int] {
    [
      steps * batch * gates * hidden, batch * gates * hidden, batch * hidden, batch * hidden,
    ].map { ($0 + 31) / 16 * 16 }
  }

  /// The scratch memory for `directions`.
  func scratch(_ directions: [RecurrentDirection]) throws(OperatorError) -> ScratchSize {
    guard Shape([steps, batch, gates, hidden]).checkedCount != nil else {
      throw .unsupported("a layer of this size")
    }
    var products = ScratchSize()
    for entry in directions {
      products = products.or(entry.inputs.scratch).or(entry.states.scratch)
      if let reset = entry.reset { products = products.or(reset.scratch) }
    }
    return products.behind(bufferSizes.reduce(0, +) * MemoryLayout<Float>.stride)
  }

  /// Runs `direction`: `compute` gets the buffers, a sample, and the row of its inputs, and updates the
  /// sample's states.
  func run(
    _ operands: Operands, _ direction: Int, _ products: RecurrentDirection, cellInput: Int?,
    afterProducts: (_ buffers: RecurrentBuffers, _ turn: Int) -> Void = { _, _ in },
    _ compute:
      @Sendable (
        _ buffers: RecurrentBuffers, _ sample: Int, _ inputs: UnsafeMutablePointer<Float>
      ) -> Void
  ) {
    nonisolated(unsafe) let buffers = buffers(operands)
    for sample in 0..<batch {
      let place = state(direction, sample)
      let to = sample * hidden
      // As in ONNX Runtime, a sample without steps has states of zero.
      let isEmpty = hasLengths && length(operands, sample) == 0
      if hasState, !isEmpty {
        (buffers.state + to).update(from: operands.input(5) + place, count: hidden)
      } else {
        (buffers.state + to).update(repeating: 0, count: hidden)
      }
      if let cellInput, !isEmpty {
        (buffers.cell + to).update(from: operands.input(cellInput) + place, count: hidden)
      } else {
        (buffers.cell + to).update(repeating: 0, count: hidden)
      }
    }
    if steps * batch == 0 { return }
    products.inputs.run(
      operands.input(0), to: buffers.inputs, operands, scratch: buffers.products)
    let isReversed = reversed[direction]
    for turn in 0..<steps {
      products.states.run(buffers.state, to: buffers.gates, operands, scratch: buffers.products)
      afterProducts(buffers, turn)
      operands.split(batch, grain: max(1, 4096 / hidden)) { samples in
        let y = operands.output(as: Float.self)
        for sample in samples {
          let length = length(operands, sample)
          guard turn < length else {
            (y + place(turn, direction, sample)).update(repeating: 0, count: hidden)
            continue
          }
          let step = isReversed ? length - 1 - turn : turn
          compute(buffers, sample, buffers.inputs + row(step, sample) * gates * hidden)
          (y + place(step, direction, sample))
            .update(from: buffers.state + sample * hidden, count: hidden)
        }
      }
    }
  }

  /// Copies `states` [batch, hidden] of `direction` to output `index`.
  func write(
    _ states: UnsafeMutablePointer<Float>, _ operands: Operands, _ direction: Int, output index: Int
  ) {
    let to = operands.output(index, as: Float.self)
    for sample in 0..<batch {
      (to + state(direction, sample)).update(from: states + sample * hidden, count: hidden)
    }
  }

  /// The buffers in the scratch memory of a run.
  func buffers(_ operands: Operands) -> RecurrentBuffers {
    let sizes = (
      (steps * batch * gates * hidden + 31) / 16 * 16, (batch * gates * hidden + 31) / 16 * 16,
      (batch * hidden + 31) / 16 * 16
    )
    let inputs = operands.scratch.assumingMemoryBound(to: Float.self)
    let gates = inputs + sizes.0
    let state = gates + sizes.1
    let cell = state + sizes.2
    return RecurrentBuffers(
      inputs: inputs, gates: gates, state: state, cell: cell,
      products: UnsafeMutableRawPointer(cell + sizes.2))
  }
}
