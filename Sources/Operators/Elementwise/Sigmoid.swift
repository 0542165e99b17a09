import Kernels
import ModelFormat

extension Operator {
  /// Sigmoid: `1 / (1 + exp(-x))` for each element.
  static let sigmoid = Operator(
    "Sigmoid", since: 13, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("sigmoid", SigmoidFunction(), vectors: .sigmoid)
    })
}

private struct SigmoidFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { 1 / (1 + T.exponential(-x)) }
}
