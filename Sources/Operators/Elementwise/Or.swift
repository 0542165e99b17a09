import ModelFormat

extension Operator {
  /// Or: whether either bool is true, with broadcasting.
  static let or = Operator(
    "Or", since: 7, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in try facts.logic("or", IsOr()) })
}

private struct IsOr: LogicFunction {
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 { a | b }
}
