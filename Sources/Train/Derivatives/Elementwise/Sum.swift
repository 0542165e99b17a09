import ModelFormat
import Operators

extension Derivative {
  /// Sum: every operand gets the output's gradient, summed over what was broadcast.
  static let sum = Derivative("Sum") { node throws(OperatorError) in
    try adding(node, factor: 1)
  }

  /// The step of a sum of all operands, times a factor.
  static func adding(
    _ node: TrainedNode, factor: Float
  ) throws(OperatorError) -> TrainingStep {
    let output = try node.facts.output()
    var sums: [BroadcastSum] = []
    for index in node.facts.inputs.indices {
      sums.append(try BroadcastSum(try node.facts.input(index), output))
    }
    let count = output.count
    return TrainingStep(writes: true, spoilsGradients: factor != 1) { [sums] memory in
      let g = memory.gradient()
      if factor != 1 { memory.split(count) { for i in $0 { g[i] *= factor } } }
      for (input, sum) in sums.enumerated() {
        if let place = memory.place(input) { sum.add(g, to: place, memory) }
      }
    }
  }
}
