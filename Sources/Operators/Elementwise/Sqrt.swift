import ModelFormat

extension Operator {
  /// Sqrt: the square root for each element.
  static let sqrt = Operator(
    "Sqrt", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("sqrt", SqrtFunction()) })
}

private struct SqrtFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { x.squareRoot() }
}
