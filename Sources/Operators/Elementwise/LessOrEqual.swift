import ModelFormat

extension Operator {
  /// LessOrEqual: `a <= b`, as bool, with broadcasting.
  static let lessOrEqual = Operator(
    "LessOrEqual", since: 16, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in try facts.comparing("less_equal", IsLessOrEqual()) })
}

private struct IsLessOrEqual: ComparisonFunction {
  @inline(__always)
  func callAsFunction<T: Comparable>(_ a: T, _ b: T) -> Bool { a <= b }
}
