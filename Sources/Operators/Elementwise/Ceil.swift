import ModelFormat

extension Operator {
  /// Ceil: the least integer that is not below `x`, for each element.
  static let ceil = Operator(
    "Ceil", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("ceil", CeilFunction()) })
}

private struct CeilFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { x.rounded(.up) }
}
