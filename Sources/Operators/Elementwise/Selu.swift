import ModelFormat

extension Operator {
  /// Selu: `gamma * x`, or `gamma * alpha * (exp(x) - 1)` where `x` is not above zero.
  ///
  /// Attributes: `alpha` and `gamma`, by default those of self-normalizing networks.
  static let selu = Operator(
    "Selu", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("selu", try SeluFunction(facts))
    })
}

private struct SeluFunction: ElementFunction {
  let alpha: Float
  let gamma: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    alpha = try facts.float("alpha", default: 1.673_263_2)
    gamma = try facts.float("gamma", default: 1.050_701)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    T(gamma) * (x > 0 ? x : T(alpha) * T.exponentialLessOne(x))
  }
}
