import ModelFormat
import Operators

extension Derivative {
  /// Concat: each operand gets its part.
  static let concat = Derivative("Concat") { node throws(OperatorError) in
    try moving(node.facts, all: true)
  }
}
