import ModelFormat

extension Operator {
  /// Atan: the angle whose tangent is `x` for each element.
  static let atan = Operator(
    "Atan", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("atan", AtanFunction()) })
}

private struct AtanFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.arcTangent(x) }
}
