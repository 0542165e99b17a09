import Kernels
import ModelFormat

extension Operator {
  /// Tanh: the hyperbolic tangent for each element.
  static let tanh = Operator(
    "Tanh", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("tanh", TanhFunction(), vectors: .tanh)
    })
}

private struct TanhFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { T.hyperbolicTangent(x) }
}
