import ModelFormat
import Operators

extension Derivative {
  /// Max: to the greater; of equals, half to each.
  static let maximum = Derivative("Max") { node throws(OperatorError) in
    guard node.facts.inputs.count == 2 else {
      throw .unsupported("other than two operands")
    }
    return try pairwise(node, MaxSlope())
  }
}

private struct MaxSlope: PairSlope {
  var reads: (a: Bool, b: Bool, y: Bool) { (true, true, false) }

  @inline(__always)
  func callAsFunction(_ operand: Int, _ a: Float, _ b: Float, _ _: Float) -> Float {
    operand == 0 ? (a > b ? 1 : a == b ? 0.5 : 0) : (b > a ? 1 : a == b ? 0.5 : 0)
  }
}
