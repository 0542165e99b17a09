import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Swish: `s · (1 + αx · (1 − s))` with `s` the sigmoid of αx.
  static let swish = Derivative("Swish") { node throws(OperatorError) in
    try elementwise(
      node, SwishSlope(alpha: try node.facts.float("alpha", default: 1)))
  }
}

private struct SwishSlope: ElementSlope {
  let alpha: Float
  var kernels: [UnaryOperation] { [.sigmoid] }

  @inline(__always)
  func argument(_ index: Int, _ x: Float) -> Float { alpha * x }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ _: Float) -> Float {
    s * (1 + alpha * x * (1 - s))
  }
}
