import ModelFormat
import Operators

extension Derivative {
  /// Gemm with weights in rows of outputs (`transB` 1) and a bias of one row; the activation's part from
  /// the output.
  static let gemm = Derivative("Gemm") { node throws(OperatorError) in
    guard let sizes = try Operator.named("Gemm")?.productSizes(node.facts) else {
      throw .unsupported("other forms than constant weights with transB 1 and a bias of one row")
    }
    return try ProductGradient(node, sizes).step(node)
  }
}
