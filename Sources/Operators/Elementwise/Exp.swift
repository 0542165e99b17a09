import ModelFormat

extension Operator {
  /// Exp: e to the power of `x` for each element.
  static let exp = Operator(
    "Exp", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("exp", ExpFunction()) })
}

private struct ExpFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.exponential(x) }
}
