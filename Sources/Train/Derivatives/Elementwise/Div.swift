import ModelFormat
import Operators

extension Derivative {
  /// Div: `1 / b` and `−y / b`.
  static let div = Derivative("Div") { node throws(OperatorError) in
    try pairwise(node, DivSlope())
  }
}

private struct DivSlope: PairSlope {
  var reads: (a: Bool, b: Bool, y: Bool) { (false, true, true) }

  @inline(__always)
  func callAsFunction(_ operand: Int, _ _: Float, _ b: Float, _ y: Float) -> Float {
    operand == 0 ? 1 / b : -y / b
  }
}
