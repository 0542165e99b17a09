import ModelFormat
import Operators

extension Derivative {
  /// HardSwish: 0 up to −3, 1 from 3 on, `x / 3 + 1/2` between.
  static let hardSwish = Derivative("HardSwish") { node throws(OperatorError) in
    try elementwise(node, HardSwishSlope())
  }
}

private struct HardSwishSlope: ElementSlope {
  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1
  }
}
