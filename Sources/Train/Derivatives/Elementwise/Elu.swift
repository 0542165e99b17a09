import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Elu: 1 above zero, else `alpha · exp(x)`.
  static let elu = Derivative("Elu") { node throws(OperatorError) in
    try elementwise(
      node, EluSlope(alpha: try node.facts.float("alpha", default: 1)))
  }
}

private struct EluSlope: ElementSlope {
  let alpha: Float
  var kernels: [UnaryOperation] { [.exp] }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ _: Float) -> Float {
    x > 0 ? 1 : alpha * s
  }
}
