import ModelFormat
import Operators

extension Derivative {
  /// ReduceSumSquare: `2x`.
  static let reduceSumSquare = Derivative("ReduceSumSquare") { node throws(OperatorError) in
    try reducing(node, ReduceSumSquareSlope())
  }
}

private struct ReduceSumSquareSlope: ReductionSlope {
  var reads: (x: Bool, y: Bool) { (true, false) }

  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float { 2 * x }
}
