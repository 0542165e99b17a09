import ModelFormat
import Operators

extension Derivative {
  /// LeakyRelu: 1 above zero, else `alpha`.
  static let leakyRelu = Derivative("LeakyRelu") { node throws(OperatorError) in
    try elementwise(
      node, LeakyReluSlope(alpha: try node.facts.float("alpha", default: 0.01)))
  }
}

private struct LeakyReluSlope: ElementSlope {
  let alpha: Float

  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    x > 0 ? 1 : alpha
  }
}
