import Kernels
import ModelFormat

extension Operator {
  /// Relu: `max(x, 0)` for each element.
  static let relu = Operator(
    "Relu", since: 14, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unaryNumber("relu", ReluFunction(), vectors: .clamp(min: 0, max: .infinity))
    })
}

private struct ReluFunction: NumberFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ x: T) -> T { x < T.zero ? T.zero : x }
}
