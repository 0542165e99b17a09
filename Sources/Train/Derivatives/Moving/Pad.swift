import ModelFormat
import Operators

extension Derivative {
  /// Pad: what was there before; sums over the places that continue it.
  static let pad = Derivative("Pad") { node throws(OperatorError) in
    // What is filled in must be told from what is moved.
    var facts = node.facts
    if facts.inputs.count > 2 { facts.inputs[2] = nil }
    return try moving(facts)
  }
}
