import ModelFormat

extension Operator {
  /// Tan: the tangent for each element.
  static let tan = Operator(
    "Tan", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("tan", TanFunction()) })
}

private struct TanFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.tangent(x) }
}
