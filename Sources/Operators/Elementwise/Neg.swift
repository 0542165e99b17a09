import ModelFormat

extension Operator {
  /// Neg: `-x` for each element.
  static let neg = Operator(
    "Neg", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unaryNumber("neg", NegFunction()) })
}

private struct NegFunction: NumberFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ x: T) -> T { T.negated(x) }
}
