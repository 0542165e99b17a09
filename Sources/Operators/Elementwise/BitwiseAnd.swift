import ModelFormat

extension Operator {
  /// BitwiseAnd: the bits that are set in both of two integers, with broadcasting.
  static let bitwiseAnd = Operator(
    "BitwiseAnd", since: 18, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combiningBits("bitwiseand", BitwiseAndFunction())
    })
}

private struct BitwiseAndFunction: BitFunction {
  @inline(__always)
  func callAsFunction<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a & b }
}
