import ModelFormat

extension Operator {
  /// Softsign: `x / (1 + |x|)` for each element.
  static let softsign = Operator(
    "Softsign", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("softsign", SoftsignFunction()) })
}

private struct SoftsignFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    x / (1 + x.magnitude)
  }
}
