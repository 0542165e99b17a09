import ModelFormat
import Operators

extension Derivative {
  /// ReduceLogSumExp: `exp(x − y)`.
  static let reduceLogSumExp = Derivative("ReduceLogSumExp") { node throws(OperatorError) in
    try reducing(node, ReduceLogSumExpSlope())
  }
}

private struct ReduceLogSumExpSlope: ReductionSlope {
  var reads: (x: Bool, y: Bool) { (true, true) }

  @inline(__always)
  func callAsFunction(_ x: Float, _ y: Float, _ _: Float) -> Float {
    Float(Double.exponential(Double(x - y)))
  }
}
