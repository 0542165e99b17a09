import Kernels
import ModelFormat

extension Operator {
  /// LSTM: a recurrent layer with a cell and the gates i, o, f, c.
  ///
  /// Inputs and outputs: those of `RecurrentLayer`; initial cell (6), peepholes [D, 3·H] (7); the third
  /// output is the last cell. Attributes: `direction`, `layout`, `hidden_size`, `clip`, `activations`
  /// with `activation_alpha` and `activation_beta`, `input_forget`. float32.
  static let lstm = Operator(
    "LSTM", since: 22, inputs: 3...8, outputs: 1...3,
    infer: { facts throws(OperatorError) in
      let layer = try LongShortTermMemory(facts).layer
      return try layer.results(facts, states: 2)
    },
    multiplyAccumulates: { facts in
      (try? RecurrentLayer(facts, gates: 4))?.multiplyAccumulates ?? 0
    },
    prepare: prepareLSTM)
}

/// An LSTM without its weights.
private struct LongShortTermMemory: Sendable {
  var layer: RecurrentLayer
  var couplesForget: Bool
  var hasPeepholes: Bool

  init(_ facts: NodeFacts) throws(OperatorError) {
    layer = try RecurrentLayer(facts, gates: 4)
    couplesForget = try facts.int("input_forget", default: 0) != 0
    try layer.requireState(facts, 6, "initial_c")
    hasPeepholes = facts.optionalInput(7) != nil
    if let peepholes = facts.optionalInput(7)?.shape,
      peepholes != [layer.reversed.count, 3 * layer.hidden]
    {
      throw .shapeMismatch("the peepholes have shape \(peepholes)")
    }
  }
}

private func prepareLSTM(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let memory = try LongShortTermMemory(facts)
  let layer = memory.layer
  try layer.requireFloats(facts, [0, 1, 2, 3, 5, 6, 7])
  let functions = try RecurrentActivation.list(
    facts, directions: layer.reversed.count, defaults: [.sigmoid, .tanh, .tanh])
  let directions = try layer.directions(facts, functions)
  let cellInput = facts.optionalInput(6) == nil ? nil : 6
  let writesState = facts.wantsOutput(1)
  let writesCell = facts.wantsOutput(2)
  return Execution(
    kernel: "lstm", scratch: try layer.scratch(directions),
    packedInputs: layer.packedInputs(facts)
  ) { operands in
    for index in directions.indices {
      layer.run(operands, index, directions[index], cellInput: cellInput) {
        buffers, sample, inputs in
        memory.update(operands, index, directions[index].functions, buffers, sample, inputs)
      }
      let buffers = layer.buffers(operands)
      if writesState { layer.write(buffers.state, operands, index, output: 1) }
      if writesCell { layer.write(buffers.cell, operands, index, output: 2) }
    }
  }
}

extension LongShortTermMemory {
  /// One step of one sample; `z` holds the products of its input, and becomes the gates.
  func update(
    _ operands: Operands, _ direction: Int, _ functions: [RecurrentActivation],
    _ buffers: RecurrentBuffers, _ sample: Int, _ z: UnsafeMutablePointer<Float>
  ) {
    let size = layer.hidden
    let clip = layer.clip
    let (state, cell) = (buffers.state + sample * size, buffers.cell + sample * size)
    let recurrent = buffers.gates + sample * 4 * size
    for i in 0..<(4 * size) { z[i] += recurrent[i] }
    if layer.hasBias {
      let bias = operands.input(3, as: Float.self) + direction * 8 * size
      for i in 0..<(4 * size) { z[i] += bias[i] + bias[4 * size + i] }
    }
    let (input, output, forget, update) = (z, z + size, z + 2 * size, z + 3 * size)
    if hasPeepholes {
      let peepholes = operands.input(7, as: Float.self) + direction * 3 * size
      for i in 0..<size { input[i] += peepholes[i] * cell[i] }
      for i in 0..<size { forget[i] += peepholes[2 * size + i] * cell[i] }
    }
    functions[0].apply(input, size, clip: clip)
    if couplesForget {
      for i in 0..<size { forget[i] = 1 - input[i] }
    } else {
      functions[0].apply(forget, size, clip: clip)
    }
    functions[1].apply(update, size, clip: clip)
    for i in 0..<size { cell[i] = forget[i] * cell[i] + input[i] * update[i] }
    if hasPeepholes {
      let peepholes = operands.input(7, as: Float.self) + (direction * 3 + 1) * size
      for i in 0..<size { output[i] += peepholes[i] * cell[i] }
    }
    functions[0].apply(output, size, clip: clip)
    state.update(from: cell, count: size)
    // As in ONNX Runtime, the cell is not held within bounds.
    functions[2].apply(state, size, clip: .infinity)
    for i in 0..<size { state[i] *= output[i] }
  }
}
