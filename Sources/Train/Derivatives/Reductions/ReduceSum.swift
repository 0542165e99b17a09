import ModelFormat
import Operators

extension Derivative {
  /// ReduceSum: 1.
  static let reduceSum = Derivative("ReduceSum") { node throws(OperatorError) in
    try reducing(node, ReduceSumSlope())
  }
}

private struct ReduceSumSlope: ReductionSlope {
  var reads: (x: Bool, y: Bool) { (false, false) }

  @inline(__always)
  func callAsFunction(_ _: Float, _ _: Float, _ _: Float) -> Float { 1 }
}
