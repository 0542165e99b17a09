import ModelFormat
import Operators

extension Derivative {
  /// Abs: the sign of x; 0 at zero.
  static let absolute = Derivative("Abs") { node throws(OperatorError) in
    try elementwise(node, AbsSlope())
  }
}

private struct AbsSlope: ElementSlope {
  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    x > 0 ? 1 : x < 0 ? -1 : 0
  }
}
