import ModelFormat

extension Operator {
  /// Elu: `x`, or `alpha * (exp(x) - 1)` where `x` is negative, for each element.
  ///
  /// Attribute: `alpha` (1).
  static let elu = Operator(
    "Elu", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("elu", try EluFunction(facts))
    })
}

private struct EluFunction: ElementFunction {
  let alpha: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    alpha = try facts.float("alpha", default: 1)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    x < 0 ? T(alpha) * T.exponentialLessOne(x) : x
  }
}
