import ModelFormat
import Operators

extension Derivative {
  /// Identity: the output's gradient.
  static let identity = Derivative("Identity") { node throws(OperatorError) in
    try passing(node)
  }

  /// The step of what gives its input as it is.
  static func passing(_ node: TrainedNode) throws(OperatorError) -> TrainingStep {
    let output = try node.facts.output()
    let sum = try BroadcastSum(try node.facts.input(0), output)
    return TrainingStep(writes: true, overwrites: [0]) { memory in
      if let place = memory.place(0) { sum.add(memory.gradient(), to: place, memory) }
    }
  }
}
