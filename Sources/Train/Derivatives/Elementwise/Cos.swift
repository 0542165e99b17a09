import ModelFormat
import Operators

extension Derivative {
  /// Cos: the sine, negative.
  static let cos = Derivative("Cos") { node throws(OperatorError) in
    try elementwise(node, CosSlope())
  }
}

private struct CosSlope: ElementSlope {
  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    Float(-Double.sine(Double(x)))
  }
}
