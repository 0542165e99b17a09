import ModelFormat

extension Operator {
  /// Cos: the cosine for each element.
  static let cos = Operator(
    "Cos", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("cos", CosFunction()) })
}

private struct CosFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.cosine(x) }
}
