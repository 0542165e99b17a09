import ModelFormat

extension Operator {
  /// BitwiseOr: the bits that are set in either of two integers, with broadcasting.
  static let bitwiseOr = Operator(
    "BitwiseOr", since: 18, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combiningBits("bitwiseor", BitwiseOrFunction())
    })
}

private struct BitwiseOrFunction: BitFunction {
  @inline(__always)
  func callAsFunction<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a | b }
}
