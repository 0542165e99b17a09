import ModelFormat
import Operators

extension Derivative {
  /// Transpose: the elements in the order that they had.
  static let transpose = Derivative("Transpose") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
