import Kernels
import ModelFormat

extension Operator {
  /// LeakyRelu: `x`, or `alpha * x` where `x` is negative, for each element.
  ///
  /// Attribute: `alpha` (0.01).
  static let leakyRelu = Operator(
    "LeakyRelu", since: 16, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      let function = try LeakyReluFunction(facts)
      return try facts.unary(
        "leakyrelu", function, vectors: .leakyRelu(alpha: function.alpha))
    })
}

private struct LeakyReluFunction: ElementFunction {
  let alpha: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    alpha = try facts.float("alpha", default: 0.01)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    x < 0 ? T(alpha) * x : x
  }
}
