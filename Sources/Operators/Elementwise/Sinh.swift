import ModelFormat

extension Operator {
  /// Sinh: the hyperbolic sine for each element.
  static let sinh = Operator(
    "Sinh", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("sinh", SinhFunction()) })
}

private struct SinhFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.hyperbolicSine(x) }
}
