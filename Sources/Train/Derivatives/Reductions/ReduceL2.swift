import ModelFormat
import Operators

extension Derivative {
  /// ReduceL2: `x / y`; none where y is zero.
  static let reduceL2 = Derivative("ReduceL2") { node throws(OperatorError) in
    try reducing(node, ReduceL2Slope())
  }
}

private struct ReduceL2Slope: ReductionSlope {
  var reads: (x: Bool, y: Bool) { (true, true) }

  @inline(__always)
  func callAsFunction(_ x: Float, _ y: Float, _ _: Float) -> Float { y == 0 ? 0 : x / y }
}
