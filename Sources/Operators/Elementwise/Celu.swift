import ModelFormat

extension Operator {
  /// Celu: `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))` for each element.
  ///
  /// Attribute: `alpha` (1).
  static let celu = Operator(
    "Celu", since: 12, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("celu", try CeluFunction(facts))
    })
}

private struct CeluFunction: ElementFunction {
  let alpha: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    alpha = try facts.float("alpha", default: 1)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    x > 0 ? x : T(alpha) * T.exponentialLessOne(x / T(alpha))
  }
}
