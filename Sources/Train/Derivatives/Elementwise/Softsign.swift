import ModelFormat
import Operators

extension Derivative {
  /// Softsign: `1 / (1 + |x|)²`.
  static let softsign = Derivative("Softsign") { node throws(OperatorError) in
    try elementwise(node, SoftsignSlope())
  }
}

private struct SoftsignSlope: ElementSlope {
  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    let sum = 1 + abs(x)
    return 1 / (sum * sum)
  }
}
