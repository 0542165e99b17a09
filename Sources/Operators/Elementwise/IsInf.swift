import ModelFormat

extension Operator {
  /// IsInf: whether each element is infinite, as bool.
  ///
  /// Attributes: `detect_negative` (1) and `detect_positive` (1), which infinities count.
  static let isInf = Operator(
    "IsInf", since: 20, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.boolLikeInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.test("isinf", try IsInfinite(facts))
    })
}

private struct IsInfinite: ElementTest {
  let negative: Bool
  let positive: Bool

  init(_ facts: NodeFacts) throws(OperatorError) {
    negative = try facts.int("detect_negative", default: 1) != 0
    positive = try facts.int("detect_positive", default: 1) != 0
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> Bool {
    (negative && x == -T.infinity) || (positive && x == T.infinity)
  }
}
