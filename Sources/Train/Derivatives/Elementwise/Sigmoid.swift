import ModelFormat
import Operators

extension Derivative {
  /// Sigmoid: `y · (1 − y)`.
  static let sigmoid = Derivative("Sigmoid") { node throws(OperatorError) in
    try elementwise(node, SigmoidSlope())
  }
}

private struct SigmoidSlope: ElementSlope {
  var readsOutput: Bool { true }

  @inline(__always)
  func callAsFunction(_ y: Float, _ _: Float, _ _: Float) -> Float {
    y * (1 - y)
  }
}
