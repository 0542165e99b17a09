import ModelFormat

extension Operator {
  /// Sum: the sum of one or more inputs, with broadcasting.
  static let sum = Operator(
    "Sum", since: 13, inputs: 1...Int.max, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in try facts.combining("sum", Sum()) })
}
