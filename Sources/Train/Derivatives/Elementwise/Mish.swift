import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Mish: `t + x · (1 − t²) · sigmoid(x)` with `t = tanh(softplus(x))`.
  static let mish = Derivative("Mish") { node throws(OperatorError) in
    try elementwise(node, MishSlope())
  }
}

private struct MishSlope: ElementSlope {
  var kernels: [UnaryOperation] { [.exp] }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ _: Float) -> Float {
    // With e = exp(x), t = e (e + 2) / (e (e + 2) + 2); beyond 20 that is 1.
    if x > 20 { return 1 }
    let product = s * (s + 2)
    let t = product / (product + 2)
    return t + x * (1 - t * t) * (s / (1 + s))
  }
}
