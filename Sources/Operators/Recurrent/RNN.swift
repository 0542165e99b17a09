import Kernels
import ModelFormat

extension Operator {
  /// RNN: a recurrent layer with one gate, `h = f(w · x + r · h + b)`.
  ///
  /// Inputs and outputs: those of `RecurrentLayer`. Attributes: `direction`, `layout`, `hidden_size`,
  /// `clip`, `activations` with `activation_alpha` and `activation_beta`. float32.
  static let rnn = Operator(
    "RNN", since: 22, inputs: 3...6, outputs: 1...2,
    infer: { facts throws(OperatorError) in
      try RecurrentLayer(facts, gates: 1).results(facts, states: 1)
    },
    multiplyAccumulates: { facts in
      (try? RecurrentLayer(facts, gates: 1))?.multiplyAccumulates ?? 0
    },
    prepare: prepareRNN)
}

private func prepareRNN(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let layer = try RecurrentLayer(facts, gates: 1)
  try layer.requireFloats(facts, [0, 1, 2, 3, 5])
  let functions = try RecurrentActivation.list(
    facts, directions: layer.reversed.count, defaults: [.tanh])
  let directions = try layer.directions(facts, functions)
  let writesState = facts.wantsOutput(1)
  let size = layer.hidden
  return Execution(
    kernel: "rnn", scratch: try layer.scratch(directions),
    packedInputs: layer.packedInputs(facts)
  ) { operands in
    for index in directions.indices {
      layer.run(operands, index, directions[index], cellInput: nil) { buffers, sample, inputs in
        let state = buffers.state + sample * size
        let recurrent = buffers.gates + sample * size
        for i in 0..<size { state[i] = inputs[i] + recurrent[i] }
        if layer.hasBias {
          let bias = operands.input(3, as: Float.self) + index * 2 * size
          for i in 0..<size { state[i] += bias[i] + bias[size + i] }
        }
        directions[index].functions[0].apply(state, size, clip: layer.clip)
      }
      if writesState { layer.write(layer.buffers(operands).state, operands, index, output: 1) }
    }
  }
}
