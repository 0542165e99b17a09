import ModelFormat
import Operators

extension Derivative {
  /// Sqrt: `1 / 2y`; none where y is zero, rather than an infinite one.
  static let sqrt = Derivative("Sqrt") { node throws(OperatorError) in
    try elementwise(node, SqrtSlope())
  }
}

private struct SqrtSlope: ElementSlope {
  var readsOutput: Bool { true }

  @inline(__always)
  func callAsFunction(_ y: Float, _ _: Float, _ _: Float) -> Float {
    y == 0 ? 0 : 0.5 / y
  }
}
