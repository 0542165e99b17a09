import ModelFormat
import Operators

extension Derivative {
  /// Neg: −1.
  static let neg = Derivative("Neg") { node throws(OperatorError) in
    try elementwise(node, NegSlope())
  }
}

private struct NegSlope: ElementSlope {
  @inline(__always)
  func callAsFunction(_ _: Float, _ _: Float, _ _: Float) -> Float {
    -1
  }
}
