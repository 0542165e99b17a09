import Kernels
import ModelFormat

extension Operator {
  /// Mean: the mean of one or more inputs, with broadcasting.
  static let mean = Operator(
    "Mean", since: 13, inputs: 1...Int.max, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: prepareMean)
}

private func prepareMean(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  var execution = try facts.combining("mean", Sum())
  let sum = execution.run
  let output = try facts.output()
  let count = output.count
  let terms = facts.inputs.count
  switch output.type {
  case .float32:
    let share = 1 / Float(terms)
    execution.run = { operands in
      sum(operands)
      let y = operands.output(as: Float.self)
      for i in 0..<count { y[i] *= share }
    }
  case .float64:
    let share = 1 / Double(terms)
    execution.run = { operands in
      sum(operands)
      let y = operands.output(as: Double.self)
      for i in 0..<count { y[i] *= share }
    }
  default:
    throw .unsupportedType(operand: "input", found: output.type, supported: [.float32, .float64])
  }
  return execution
}
