import Kernels
import ModelFormat

extension Operator {
  /// Swish: `x / (1 + exp(-alpha * x))` for each element.
  ///
  /// Attribute: `alpha` (1).
  static let swish = Operator(
    "Swish", since: 24, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      let function = try SwishFunction(facts)
      return try facts.unary("swish", function, vectors: function.alpha == 1 ? .silu : nil)
    })
}

private struct SwishFunction: ElementFunction {
  let alpha: Float

  init(_ facts: NodeFacts) throws(OperatorError) {
    alpha = try facts.float("alpha", default: 1)
  }

  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    x / (1 + T.exponential(-T(alpha) * x))
  }
}
