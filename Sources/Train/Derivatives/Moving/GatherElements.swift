import ModelFormat
import Operators

extension Derivative {
  /// GatherElements: sums over the readers of each element; the indices are constant.
  static let gatherElements = Derivative("GatherElements") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
