import ModelFormat
import Operators

extension Derivative {
  /// Mul: each operand gets the other.
  static let mul = Derivative("Mul") { node throws(OperatorError) in
    try pairwise(node, MulSlope())
  }
}

private struct MulSlope: PairSlope {
  var reads: (a: Bool, b: Bool, y: Bool) { (true, true, false) }

  @inline(__always)
  func callAsFunction(_ operand: Int, _ a: Float, _ b: Float, _ _: Float) -> Float {
    operand == 0 ? b : a
  }
}
