import ModelFormat
import Operators

extension Derivative {
  /// Reciprocal: `−y²`.
  static let reciprocal = Derivative("Reciprocal") { node throws(OperatorError) in
    try elementwise(node, ReciprocalSlope())
  }
}

private struct ReciprocalSlope: ElementSlope {
  var readsOutput: Bool { true }

  @inline(__always)
  func callAsFunction(_ y: Float, _ _: Float, _ _: Float) -> Float {
    -y * y
  }
}
