import ModelFormat

extension Operator {
  /// ThresholdedRelu: `x` where it is above `alpha`, else zero for each element.
  ///
  /// Attribute: `alpha` (1).
  static let thresholdedRelu = Operator(
    "ThresholdedRelu", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("thresholdedrelu", try ThresholdedReluFunction(facts))
    })
}

private struct ThresholdedReluFunction: ElementFunction {
  let alpha: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    alpha = try facts.float("alpha", default: 1)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    x > T(alpha) ? x : 0
  }
}
