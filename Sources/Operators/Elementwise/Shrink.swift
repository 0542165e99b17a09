import ModelFormat

extension Operator {
  /// Shrink: `x + bias` below `-lambd`, `x - bias` above `lambd`, else zero for each element.
  ///
  /// Attributes: `bias` (0) and `lambd` (0.5).
  static let shrink = Operator(
    "Shrink", since: 9, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("shrink", try ShrinkFunction(facts))
    })
}

private struct ShrinkFunction: ElementFunction {
  let bias: Float
  let lambda: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    bias = try facts.float("bias", default: 0)
    lambda = try facts.float("lambd", default: 0.5)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    x < T(-lambda) ? x + T(bias) : x > T(lambda) ? x - T(bias) : 0
  }
}
