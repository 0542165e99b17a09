import ModelFormat
import Operators

extension Derivative {
  /// Sub: 1 and −1.
  static let sub = Derivative("Sub") { node throws(OperatorError) in
    try pairwise(node, SubSlope())
  }
}

private struct SubSlope: PairSlope {
  var reads: (a: Bool, b: Bool, y: Bool) { (false, false, false) }

  @inline(__always)
  func callAsFunction(_ operand: Int, _ _: Float, _ _: Float, _ _: Float) -> Float {
    operand == 0 ? 1 : -1
  }
}
