import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Gelu: `Φ(x) + x · φ(x)` of the normal distribution, or the derivative of its form by tanh.
  static let gelu = Derivative("Gelu") { node throws(OperatorError) in
    try node.facts.string("approximate", default: "none") == "tanh"
      ? try elementwise(node, TanhGeluSlope()) : try elementwise(node, GeluSlope())
  }
}

private struct GeluSlope: ElementSlope {
  var kernels: [UnaryOperation] { [.erf, .exp] }

  @inline(__always)
  func argument(_ index: Int, _ x: Float) -> Float {
    index == 0 ? x * 0.707_106_77 : -0.5 * x * x
  }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ t: Float) -> Float {
    0.5 * (1 + s) + x * t * 0.398_942_3
  }
}

private struct TanhGeluSlope: ElementSlope {
  var kernels: [UnaryOperation] { [.tanh] }

  @inline(__always)
  func argument(_ index: Int, _ x: Float) -> Float {
    0.797_884_6 * (x + 0.044715 * x * x * x)
  }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ t: Float) -> Float {
    0.5 * (1 + s) + 0.5 * x * (1 - s * s) * 0.797_884_6 * (1 + 0.134_145 * x * x)
  }
}
