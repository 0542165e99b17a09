import ModelFormat
import Operators

extension Derivative {
  /// Tanh: `1 − y²`.
  static let tanh = Derivative("Tanh") { node throws(OperatorError) in
    try elementwise(node, TanhSlope())
  }
}

private struct TanhSlope: ElementSlope {
  var readsOutput: Bool { true }

  @inline(__always)
  func callAsFunction(_ y: Float, _ _: Float, _ _: Float) -> Float {
    1 - y * y
  }
}
