import ModelFormat
import Operators

extension Derivative {
  /// Clip with constant bounds: the gradient passes strictly between them.
  static let clip = Derivative("Clip") { node throws(OperatorError) in
    let lower = try node.facts.constantFloats(1, "the lower bound")?.first ?? -.infinity
    let upper = try node.facts.constantFloats(2, "the upper bound")?.first ?? .infinity
    guard !node.wants.dropFirst().contains(true) else {
      throw .unsupported("bounds that are trained")
    }
    return clampStep(try node.facts.input(0).count, lower, upper)
  }
}
