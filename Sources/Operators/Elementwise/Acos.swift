import ModelFormat

extension Operator {
  /// Acos: the angle whose cosine is `x` for each element.
  static let acos = Operator(
    "Acos", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("acos", AcosFunction()) })
}

private struct AcosFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.arcCosine(x) }
}
