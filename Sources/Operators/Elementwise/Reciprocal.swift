import ModelFormat

extension Operator {
  /// Reciprocal: `1 / x` for each element.
  static let reciprocal = Operator(
    "Reciprocal", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("reciprocal", ReciprocalFunction()) })
}

private struct ReciprocalFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { 1 / x }
}
