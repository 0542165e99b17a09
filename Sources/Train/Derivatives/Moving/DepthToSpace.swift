import ModelFormat
import Operators

extension Derivative {
  /// DepthToSpace: the elements in the order that they had.
  static let depthToSpace = Derivative("DepthToSpace") { node throws(OperatorError) in
    try moving(node.facts)
  }
}
