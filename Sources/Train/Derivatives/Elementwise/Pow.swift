import ModelFormat
import Operators

extension Derivative {
  /// Pow: `b · a^(b − 1)` to the base, `y · ln a` to the exponent, where that is a number.
  static let pow = Derivative("Pow") { node throws(OperatorError) in
    let exponent = try node.facts.input(1)
    guard exponent.type == .float32 || exponent.constant != nil else {
      throw .unsupported("an exponent of another type that is computed")
    }
    if !node.wants[1], exponent.count == 1,
      let value = try node.facts.constantFloats(1, "the exponent")?.first,
      try node.facts.input(0).shape == node.facts.output().shape
    {
      return try elementwise(node, PowerSlope(exponent: value))
    }
    guard exponent.type == .float32 else {
      throw .unsupported("exponents of another type, other than one")
    }
    return try pairwise(node, PowSlope())
  }
}

private struct PowerSlope: ElementSlope {
  let exponent: Float

  @inline(__always)
  func callAsFunction(_ x: Float, _ _: Float, _ _: Float) -> Float {
    if exponent == 2 { return 2 * x }
    if exponent == 3 { return 3 * x * x }
    if exponent == 0.5 { return 0.5 / x.squareRoot() }
    return exponent * Float(Double.power(Double(x), Double(exponent) - 1))
  }
}

private struct PowSlope: PairSlope {
  var reads: (a: Bool, b: Bool, y: Bool) { (true, true, true) }

  @inline(__always)
  func callAsFunction(_ operand: Int, _ a: Float, _ b: Float, _ y: Float) -> Float {
    if operand == 0 {
      return b == 0 ? 0 : b * Float(Double.power(Double(a), Double(b) - 1))
    }
    return y == 0 ? 0 : y * Float(Double.logarithm(Double(a)))
  }
}
