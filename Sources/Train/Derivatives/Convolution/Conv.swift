import ModelFormat
import Operators

extension Derivative {
  /// Conv over one or two dimensions: input, weights, bias and residual; the activation's part from the output.
  static let conv = Derivative("Conv") { node throws(OperatorError) in
    guard let sizes = try Operator.named("Conv")?.productSizes(node.facts) else {
      throw .unsupported("weights or a bias that are computed, or three spatial dimensions")
    }
    if try node.facts.input(0).shape.rank == 3 {
      return try OneDimensional(node, sizes).step
    }
    return try ProductGradient(node, sizes).step(node)
  }
}
