import ModelFormat

extension Operator {
  /// Floor: the greatest integer that is not above `x`, for each element.
  static let floor = Operator(
    "Floor", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("floor", FloorFunction()) })
}

private struct FloorFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { x.rounded(.down) }
}
