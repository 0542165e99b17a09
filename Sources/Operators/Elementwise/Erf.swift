import ModelFormat

extension Operator {
  /// Erf: the error function for each element.
  static let erf = Operator(
    "Erf", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("erf", ErfFunction()) })
}

private struct ErfFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.errorFunction(x) }
}
