import ModelFormat
import Operators

extension Derivative {
  /// ReduceL1: the sign of x.
  static let reduceL1 = Derivative("ReduceL1") { node throws(OperatorError) in
    try reducing(node, ReduceL1Slope())
  }
}

private struct ReduceL1Slope: ReductionSlope {
  var reads: (x: Bool, y: Bool) { (true, false) }

  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : 0 }
}
