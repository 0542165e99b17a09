import ModelFormat
import Operators

extension Derivative {
  /// Slice: what was taken goes back to its place; the rest gets nothing.
  static let slice = Derivative("Slice") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
