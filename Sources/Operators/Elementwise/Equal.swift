import ModelFormat

extension Operator {
  /// Equal: `a == b`, as bool, with broadcasting.
  static let equal = Operator(
    "Equal", since: 19, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in try facts.comparing("equal", IsEqual()) })
}

private struct IsEqual: ComparisonFunction {
  @inline(__always)
  func callAsFunction<T: Comparable>(_ a: T, _ b: T) -> Bool { a == b }
}
