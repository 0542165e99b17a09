import ModelFormat

extension Operator {
  /// Softplus: `log(1 + exp(x))` for each element.
  static let softplus = Operator(
    "Softplus", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("softplus", SoftplusFunction()) })
}

private struct SoftplusFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    // Of two equal forms, the one whose exponential cannot overflow.
    T.logarithmOfOneAnd(T.exponential(-x.magnitude)) + T.maximum(x, 0)
  }
}
