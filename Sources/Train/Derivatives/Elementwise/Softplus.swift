import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Softplus: the sigmoid.
  static let softplus = Derivative("Softplus") { node throws(OperatorError) in
    try elementwise(node, SoftplusSlope())
  }
}

private struct SoftplusSlope: ElementSlope {
  var kernels: [UnaryOperation] { [.sigmoid] }

  @inline(__always)
  func callAsFunction(_ _: Float, _ s: Float, _ _: Float) -> Float {
    s
  }
}
