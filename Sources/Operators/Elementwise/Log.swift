import ModelFormat

extension Operator {
  /// Log: the natural logarithm for each element.
  static let log = Operator(
    "Log", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in try facts.unary("log", LogFunction()) })
}

private struct LogFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.logarithm(x) }
}
