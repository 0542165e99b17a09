import ModelFormat
import Operators

extension Derivative {
  /// Sin: the cosine.
  static let sin = Derivative("Sin") { node throws(OperatorError) in
    try elementwise(node, SinSlope())
  }
}

private struct SinSlope: ElementSlope {
  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    Float(Double.cosine(Double(x)))
  }
}
