import ModelFormat

extension Operator {
  /// Greater: `a > b`, as bool, with broadcasting.
  static let greater = Operator(
    "Greater", since: 13, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in try facts.comparing("greater", IsGreater()) })
}

private struct IsGreater: ComparisonFunction {
  @inline(__always)
  func callAsFunction<T: Comparable>(_ a: T, _ b: T) -> Bool { a > b }
}
