import ModelFormat
import Operators

extension Derivative {
  /// HardSigmoid: `alpha` where the output is strictly between 0 and 1.
  static let hardSigmoid = Derivative("HardSigmoid") { node throws(OperatorError) in
    try elementwise(
      node, HardSigmoidSlope(alpha: try node.facts.float("alpha", default: 0.2)))
  }
}

private struct HardSigmoidSlope: ElementSlope {
  let alpha: Float
  var readsOutput: Bool { true }

  @inline(__always)
  func callAsFunction(_ y: Float, _ _: Float, _ _: Float) -> Float {
    y > 0 && y < 1 ? alpha : 0
  }
}
