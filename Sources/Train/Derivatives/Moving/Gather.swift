import ModelFormat
import Operators

extension Derivative {
  /// Gather: sums over the readers of each entry; the indices are constant.
  static let gather = Derivative("Gather") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
