import ModelFormat

extension Operator {
  /// Less: `a < b`, as bool, with broadcasting.
  static let less = Operator(
    "Less", since: 13, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in try facts.comparing("less", IsLess()) })
}

private struct IsLess: ComparisonFunction {
  @inline(__always)
  func callAsFunction<T: Comparable>(_ a: T, _ b: T) -> Bool { a < b }
}
