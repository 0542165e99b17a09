/// How exact integer sums become uint8, with the same bits on every machine: single float operations.
///
/// `y = zero + round(hold(Float(sum) * factor))`, where `hold` is to `least - zero ... most - zero` and
/// ties round to even. A residual r adds a second term:
/// `Float(sum) * factor + Float(r - residualZero) * residualFactor`, each operation rounded by itself.
public enum Rescaling {
  /// The most that a factor can be: no sum times it exceeds a float.
  public static let greatestFactor: Float = 0x1p64

  /// Returns `numerator / denominator` rounded to a float, held within 0 and `greatestFactor`; 0 for
  /// what is not a number.
  public static func factor(_ numerator: Double, over denominator: Double) -> Float {
    let factor = Float(numerator / denominator)
    return factor > 0 ? min(factor, greatestFactor) : 0
  }

  /// Returns the factor `input * weight / output` of an integer convolution: the product rounded to a
  /// float, then the quotient, as ONNX Runtime has it, so that both give the same integers.
  public static func factor(input: Float, weight: Float, output: Float) -> Float {
    let factor = (input * weight) / output
    return factor > 0 ? min(factor, greatestFactor) : 0
  }

  /// Returns `bias` in units of `unit`, rounded half away from zero and held within 2^30.
  public static func integerBias(_ bias: Float, unit: Double) -> Int32 {
    let value = Double(bias) / unit
    guard value == value else { return 0 }
    let held = min(max(value, -0x1p30), 0x1p30)
    // By hand, as `rounded()` is a call of the C library on some machines. The number below one half
    // carries only what is a half or more.
    return Int32(held + Double(signOf: held, magnitudeOf: 0x1.fffffffffffffp-2))
  }

  /// Returns `zero` plus the rounded `value`, held within `least` and `most`, all within 0 and 255.
  @inline(__always) public static func stored(
    _ value: Float, zero: Int32, least: Int32, most: Int32
  ) -> UInt8 {
    ByteRounding(zero: zero, least: least, most: most)(value)
  }
}
