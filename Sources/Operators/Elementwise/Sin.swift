import ModelFormat

extension Operator {
  /// Sin: the sine for each element.
  static let sin = Operator(
    "Sin", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("sin", SinFunction()) })
}

private struct SinFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.sine(x) }
}
