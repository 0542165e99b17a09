import ModelFormat
import Operators

extension Derivative {
  /// ThresholdedRelu: 1 above `alpha`, else 0.
  static let thresholdedRelu = Derivative("ThresholdedRelu") { node throws(OperatorError) in
    try elementwise(
      node, ThresholdedReluSlope(alpha: try node.facts.float("alpha", default: 1)))
  }
}

private struct ThresholdedReluSlope: ElementSlope {
  let alpha: Float

  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    x > alpha ? 1 : 0
  }
}
