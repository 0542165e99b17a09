import Kernels
import ModelFormat

extension Operator {
  /// GRU: a recurrent layer with the gates z, r and h.
  ///
  /// Inputs and outputs: those of `RecurrentLayer`. Attributes: `direction`, `layout`, `hidden_size`,
  /// `clip`, `activations` with `activation_alpha` and `activation_beta`, `linear_before_reset`.
  /// float32.
  static let gru = Operator(
    "GRU", since: 22, inputs: 3...6, outputs: 1...2,
    infer: { facts throws(OperatorError) in
      try RecurrentLayer(facts, gates: 3).results(facts, states: 1)
    },
    multiplyAccumulates: { facts in
      (try? RecurrentLayer(facts, gates: 3))?.multiplyAccumulates ?? 0
    },
    prepare: prepareGRU)
}

private func prepareGRU(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let layer = try RecurrentLayer(facts, gates: 3)
  try layer.requireFloats(facts, [0, 1, 2, 3, 5])
  let resetsLater = try facts.int("linear_before_reset", default: 0) != 0
  let functions = try RecurrentActivation.list(
    facts, directions: layer.reversed.count, defaults: [.sigmoid, .tanh])
  let directions = try layer.directions(facts, functions, splitsReset: !resetsLater)
  let writesState = facts.wantsOutput(1)
  return Execution(
    kernel: "gru", scratch: try layer.scratch(directions),
    packedInputs: layer.packedInputs(facts)
  ) { operands in
    for index in directions.indices {
      let direction = directions[index]
      let unit = GatedUnit(layer: layer, operands: operands, direction: index)
      if let reset = direction.reset {
        layer.run(operands, index, direction, cellInput: nil) { buffers, turn in
          unit.reset(direction.functions, buffers, turn)
          reset.run(
            buffers.cell, to: buffers.gates + layer.batch * 2 * layer.hidden, operands,
            scratch: buffers.products)
        } _: { buffers, sample, inputs in
          let size = layer.hidden
          unit.finish(
            direction.functions, buffers, sample, inputs,
            recurrent: buffers.gates + (layer.batch * 2 + sample) * size)
        }
      } else {
        layer.run(operands, index, direction, cellInput: nil) { buffers, sample, inputs in
          unit.update(direction.functions, buffers, sample, inputs)
        }
      }
      if writesState {
        layer.write(layer.buffers(operands).state, operands, index, output: 1)
      }
    }
  }
}

/// The steps of a GRU in one direction.
private struct GatedUnit: Sendable {
  let layer: RecurrentLayer
  let operands: Operands
  let direction: Int

  /// Biases of the inputs, followed by those of the states, or nil.
  private var bias: UnsafePointer<Float>? {
    layer.hasBias ? operands.input(3, as: Float.self) + direction * 6 * layer.hidden : nil
  }

  /// Makes the gates z and r of one sample from the products in `z` and `recurrent`.
  private func gates(
    _ function: RecurrentActivation, _ z: UnsafeMutablePointer<Float>,
    _ recurrent: UnsafeMutablePointer<Float>
  ) {
    let size = layer.hidden
    for i in 0..<(2 * size) { z[i] += recurrent[i] }
    if let bias {
      for i in 0..<(2 * size) { z[i] += bias[i] + bias[3 * size + i] }
    }
    function.apply(z, 2 * size, clip: layer.clip)
  }

  /// The gates of all samples at `turn`, and the states that r lets through, as the cells.
  func reset(_ functions: [RecurrentActivation], _ buffers: RecurrentBuffers, _ turn: Int) {
    let size = layer.hidden
    for sample in 0..<layer.batch {
      let length = layer.length(operands, sample)
      guard turn < length else { continue }
      let step = layer.reversed[direction] ? length - 1 - turn : turn
      let z = buffers.inputs + layer.row(step, sample) * 3 * size
      gates(functions[0], z, buffers.gates + sample * 2 * size)
      let (state, cell) = (buffers.state + sample * size, buffers.cell + sample * size)
      for i in 0..<size { cell[i] = z[size + i] * state[i] }
    }
  }

  /// The new state of a sample whose gates are made; `recurrent` is the product of what r let through.
  func finish(
    _ functions: [RecurrentActivation], _ buffers: RecurrentBuffers, _ sample: Int,
    _ z: UnsafeMutablePointer<Float>, recurrent: UnsafeMutablePointer<Float>
  ) {
    let size = layer.hidden
    let candidate = z + 2 * size
    for i in 0..<size { candidate[i] += recurrent[i] }
    if let bias { for i in 0..<size { candidate[i] += bias[2 * size + i] + bias[5 * size + i] } }
    blend(functions[1], buffers, sample, z)
  }

  /// A whole step where the product of the states is reset behind it.
  func update(
    _ functions: [RecurrentActivation], _ buffers: RecurrentBuffers, _ sample: Int,
    _ z: UnsafeMutablePointer<Float>
  ) {
    let size = layer.hidden
    let recurrent = buffers.gates + sample * 3 * size
    gates(functions[0], z, recurrent)
    let candidate = z + 2 * size
    for i in 0..<size {
      let state = recurrent[2 * size + i] + (bias.map { $0[5 * size + i] } ?? 0)
      candidate[i] += z[size + i] * state + (bias.map { $0[2 * size + i] } ?? 0)
    }
    blend(functions[1], buffers, sample, z)
  }

  /// The state between the candidate and the last one, as z says.
  private func blend(
    _ function: RecurrentActivation, _ buffers: RecurrentBuffers, _ sample: Int,
    _ z: UnsafeMutablePointer<Float>
  ) {
    let size = layer.hidden
    let state = buffers.state + sample * size
    let candidate = z + 2 * size
    function.apply(candidate, size, clip: layer.clip)
    for i in 0..<size { state[i] = (1 - z[i]) * candidate[i] + z[i] * state[i] }
  }
}
