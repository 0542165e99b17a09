import ModelFormat
import Operators

extension Derivative {
  /// Dropout, which drops nothing here: the output's gradient.
  static let dropout = Derivative("Dropout") { node throws(OperatorError) in
    guard node.facts.node.outputs.count == 1 else { throw .unsupported("a mask as an output") }
    return try passing(node)
  }
}
