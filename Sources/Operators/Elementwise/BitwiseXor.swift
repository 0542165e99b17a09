import ModelFormat

extension Operator {
  /// BitwiseXor: the bits that are set in just one of two integers, with broadcasting.
  static let bitwiseXor = Operator(
    "BitwiseXor", since: 18, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combiningBits("bitwisexor", BitwiseXorFunction())
    })
}

private struct BitwiseXorFunction: BitFunction {
  @inline(__always)
  func callAsFunction<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a ^ b }
}
