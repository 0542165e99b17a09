import ModelFormat
import Operators

extension Derivative {
  /// SpaceToDepth: the elements in the order that they had.
  static let spaceToDepth = Derivative("SpaceToDepth") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
