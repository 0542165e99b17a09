import ModelFormat
import Operators

extension Derivative {
  /// Tile: sums over what was repeated; the repeats are constant.
  static let tile = Derivative("Tile") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
