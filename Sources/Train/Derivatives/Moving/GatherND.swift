import ModelFormat
import Operators

extension Derivative {
  /// GatherND: sums over the readers of each entry; the indices are constant.
  static let gatherND = Derivative("GatherND") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
