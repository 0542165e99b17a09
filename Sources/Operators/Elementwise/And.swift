import ModelFormat

extension Operator {
  /// And: whether both bools are true, with broadcasting.
  static let and = Operator(
    "And", since: 7, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in try facts.logic("and", IsAnd()) })
}

private struct IsAnd: LogicFunction {
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 { a & b }
}
