import ModelFormat

extension Operator {
  /// Xor: whether just one of two bools is true, with broadcasting.
  static let xor = Operator(
    "Xor", since: 7, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in try facts.logic("xor", IsXor()) })
}

private struct IsXor: LogicFunction {
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 { a ^ b }
}
