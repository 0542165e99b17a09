import ModelFormat
import Operators

extension Derivative {
  /// Expand: sums over what was repeated; the shape is constant.
  static let expand = Derivative("Expand") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
