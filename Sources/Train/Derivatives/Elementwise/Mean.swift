import ModelFormat
import Operators

extension Derivative {
  /// Mean: as Sum, over the number of operands.
  static let mean = Derivative("Mean") { node throws(OperatorError) in
    try adding(node, factor: 1 / Float(max(1, node.facts.inputs.count)))
  }
}
