import ModelFormat

extension Operator {
  /// Abs: the magnitude for each element.
  static let abs = Operator(
    "Abs", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unaryNumber("abs", AbsFunction()) })
}

private struct AbsFunction: NumberFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ x: T) -> T { T.magnitude(x) }
}
