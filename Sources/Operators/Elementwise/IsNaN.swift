import ModelFormat

extension Operator {
  /// IsNaN: whether each element is not a number, as bool.
  static let isNaN = Operator(
    "IsNaN", since: 20, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.boolLikeInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.test("isnan", IsNotANumber())
    })
}

private struct IsNotANumber: ElementTest {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> Bool { x.isNaN }
}
