import ModelFormat

extension Operator {
  /// Sign: -1, 0 or 1 by the sign of `x` for each element.
  static let sign = Operator(
    "Sign", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unaryNumber("sign", SignFunction()) })
}

private struct SignFunction: NumberFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ x: T) -> T {
    x > T.zero ? T.one : x < T.zero ? T.difference(T.zero, T.one) : x
  }
}
