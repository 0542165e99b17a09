import ModelFormat
import Operators

extension Derivative {
  /// Exp: `y`.
  static let exp = Derivative("Exp") { node throws(OperatorError) in
    try elementwise(node, ExpSlope())
  }
}

private struct ExpSlope: ElementSlope {
  var readsOutput: Bool { true }

  @inline(__always)
  func callAsFunction(_ y: Float, _ _: Float, _ _: Float) -> Float {
    y
  }
}
