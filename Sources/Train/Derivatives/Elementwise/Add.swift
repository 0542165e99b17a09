import ModelFormat
import Operators

extension Derivative {
  /// Add: both operands get the output's gradient, summed over what was broadcast.
  static let add = Derivative("Add") { node throws(OperatorError) in
    let output = try node.facts.output()
    let sums = [
      try BroadcastSum(try node.facts.input(0), output),
      try BroadcastSum(try node.facts.input(1), output),
    ]
    return TrainingStep(writes: true, overwrites: [1, 0]) { memory in
      for (input, sum) in sums.enumerated() {
        guard let place = memory.place(input) else { continue }
        sum.add(memory.gradient(), to: place, memory)
      }
    }
  }
}
