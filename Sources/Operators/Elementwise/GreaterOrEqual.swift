import ModelFormat

extension Operator {
  /// GreaterOrEqual: `a >= b`, as bool, with broadcasting.
  static let greaterOrEqual = Operator(
    "GreaterOrEqual", since: 16, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.comparing("greater_equal", IsGreaterOrEqual())
    })
}

private struct IsGreaterOrEqual: ComparisonFunction {
  @inline(__always)
  func callAsFunction<T: Comparable>(_ a: T, _ b: T) -> Bool { a >= b }
}
