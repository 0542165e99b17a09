import ModelFormat
import Operators

extension Derivative {
  /// Log: `1 / x`.
  static let log = Derivative("Log") { node throws(OperatorError) in
    try elementwise(node, LogSlope())
  }
}

private struct LogSlope: ElementSlope {
  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    1 / x
  }
}
