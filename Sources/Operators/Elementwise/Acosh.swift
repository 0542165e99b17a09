import ModelFormat

extension Operator {
  /// Acosh: the inverse of the hyperbolic cosine for each element.
  static let acosh = Operator(
    "Acosh", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("acosh", AcoshFunction()) })
}

private struct AcoshFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.inverseHyperbolicCosine(x) }
}
