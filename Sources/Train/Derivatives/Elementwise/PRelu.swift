import ModelFormat
import Operators

extension Derivative {
  /// PRelu: 1 above zero, else the slope; the slope gets x where that is not above zero.
  static let pRelu = Derivative("PRelu") { node throws(OperatorError) in
    try pairwise(node, PReluSlope())
  }
}

private struct PReluSlope: PairSlope {
  var reads: (a: Bool, b: Bool, y: Bool) { (true, true, false) }

  @inline(__always)
  func callAsFunction(_ operand: Int, _ a: Float, _ b: Float, _ _: Float) -> Float {
    operand == 0 ? (a > 0 ? 1 : b) : (a > 0 ? 0 : a)
  }
}
