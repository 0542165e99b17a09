import ModelFormat

extension Operator {
  /// Cosh: the hyperbolic cosine for each element.
  static let cosh = Operator(
    "Cosh", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("cosh", CoshFunction()) })
}

private struct CoshFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.hyperbolicCosine(x) }
}
