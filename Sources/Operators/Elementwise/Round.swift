import ModelFormat

extension Operator {
  /// Round: the nearest integer, ties to even, for each element.
  static let round = Operator(
    "Round", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("round", RoundFunction()) })
}

private struct RoundFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { x.rounded(.toNearestOrEven) }
}
