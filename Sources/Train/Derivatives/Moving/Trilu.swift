import ModelFormat
import Operators

extension Derivative {
  /// Trilu: the triangle that was kept.
  static let trilu = Derivative("Trilu") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
