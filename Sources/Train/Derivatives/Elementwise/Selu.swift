import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Selu: `gamma` above zero, else `gamma · alpha · exp(x)`.
  static let selu = Derivative("Selu") { node throws(OperatorError) in
    try elementwise(
      node,
      SeluSlope(
        alpha: try node.facts.float("alpha", default: 1.673_263_2),
        gamma: try node.facts.float("gamma", default: 1.050_701)))
  }
}

private struct SeluSlope: ElementSlope {
  let alpha: Float
  let gamma: Float
  var kernels: [UnaryOperation] { [.exp] }

  @inline(__always)
  func callAsFunction(_ x: Float, _ s: Float, _ _: Float) -> Float {
    x > 0 ? gamma : gamma * alpha * s
  }
}
