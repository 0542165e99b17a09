import ModelFormat
import Operators

extension Derivative {
  /// Split: each part goes back to its place.
  static let split = Derivative("Split") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
