import Kernels
import ModelFormat

extension NodeFacts {
  /// Facts for an output that has the first input's type, shape, layout and parameters.
  func sameAsInput() throws(OperatorError) -> ValueFacts {
    var facts = try input(0)
    facts.constant = nil
    return facts
  }

  /// An execution that maps float32 elements one by one, in place where the plan allows it.
  func unaryFloat(
    kernel: String, _ function: @escaping @Sendable (Float) -> Float
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    try require(x, "input", among: [.float32])
    let count = x.count
    return Execution(kernel: kernel, overwrites: 0) { operands in
      let from = operands.input(0, as: Float.self)
      let to = operands.output(as: Float.self)
      for i in 0..<count { to[i] = function(from[i]) }
    }
  }
}
