import ModelFormat

extension Operator {
  /// Asinh: the inverse of the hyperbolic sine for each element.
  static let asinh = Operator(
    "Asinh", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("asinh", AsinhFunction()) })
}

private struct AsinhFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.inverseHyperbolicSine(x) }
}
