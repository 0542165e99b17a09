import ModelFormat

extension Operator {
  /// Asin: the angle whose sine is `x` for each element.
  static let asin = Operator(
    "Asin", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("asin", AsinFunction()) })
}

private struct AsinFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.arcSine(x) }
}
