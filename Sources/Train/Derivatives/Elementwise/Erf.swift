import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Erf: `2 / √π · exp(−x²)`.
  static let erf = Derivative("Erf") { node throws(OperatorError) in
    try elementwise(node, ErfSlope())
  }
}

private struct ErfSlope: ElementSlope {
  var kernels: [UnaryOperation] { [.exp] }

  @inline(__always)
  func argument(_ index: Int, _ x: Float) -> Float { -x * x }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ _: Float) -> Float {
    1.128_379_2 * s
  }
}
