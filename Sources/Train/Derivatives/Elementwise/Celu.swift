import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Celu: 1 above zero, else `exp(x / alpha)`.
  static let celu = Derivative("Celu") { node throws(OperatorError) in
    try elementwise(
      node, CeluSlope(alpha: try node.facts.float("alpha", default: 1)))
  }
}

private struct CeluSlope: ElementSlope {
  let alpha: Float
  var kernels: [UnaryOperation] { [.exp] }

  @inline(__always)
  func argument(_ index: Int, _ x: Float) -> Float { x / alpha }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ _: Float) -> Float {
    x > 0 ? 1 : s
  }
}
