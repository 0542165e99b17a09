import ModelFormat
import Operators

extension Derivative {
  /// ReduceMean: one over the number of elements.
  static let reduceMean = Derivative("ReduceMean") { node throws(OperatorError) in
    try reducing(node, ReduceMeanSlope())
  }
}

private struct ReduceMeanSlope: ReductionSlope {
  var reads: (x: Bool, y: Bool) { (false, false) }

  @inline(__always)
  func callAsFunction(_ _: Float, _ _: Float, _ count: Float) -> Float { 1 / count }
}
