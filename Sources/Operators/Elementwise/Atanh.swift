import ModelFormat

extension Operator {
  /// Atanh: the inverse of the hyperbolic tangent for each element.
  static let atanh = Operator(
    "Atanh", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("atanh", AtanhFunction()) })
}

private struct AtanhFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.inverseHyperbolicTangent(x) }
}
