import ModelFormat

extension Operator {
  /// Mish: `x * tanh(log(1 + exp(x)))` for each element.
  static let mish = Operator(
    "Mish", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("mish", MishFunction()) })
}

private struct MishFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    // tanh(log(1 + e)) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1), with the exponential that cannot overflow.
    let e = T.exponential(-x.magnitude)
    return x >= 0 ? x * (1 + 2 * e) / (1 + 2 * e + 2 * e * e) : x * e * (e + 2) / (e * (e + 2) + 2)
  }
}
