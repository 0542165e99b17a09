import Kernels
import ModelFormat

extension Operator {
  /// HardSigmoid: `max(0, min(1, alpha * x + beta))` for each element.
  ///
  /// Attributes: `alpha` (0.2) and `beta` (0.5).
  static let hardSigmoid = Operator(
    "HardSigmoid", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      let function = try HardSigmoidFunction(facts)
      return try facts.unary(
        "hardsigmoid", function,
        vectors: .hardSigmoid(alpha: function.alpha, beta: function.beta))
    })
}

private struct HardSigmoidFunction: ElementFunction {
  let alpha: Float
  let beta: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    alpha = try facts.float("alpha", default: 0.2)
    beta = try facts.float("beta", default: 0.5)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    T.maximum(0, T.minimum(1, T(alpha) * x + T(beta)))
  }
}
