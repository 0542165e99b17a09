/// Functions of float32 without branches or calls, so that loops over them become vectors; they give
/// the same bits on every machine.
extension Float {
  /// e to the power of `x`, within 2 units in the last place.
  ///
  /// `x = n ln 2 + r` with `|r| <= ln 2 / 2`; a polynomial of degree 7 gives the power of `r`.
  @inline(__always)
  static func exponential(_ x: Float) -> Float {
    // Outside of these bounds the result is zero or infinity; NaN stays.
    let bounded = x < -104 ? -104 : x > 89 ? 89 : x
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
    let shifted = bounded * 1.442_695_04 + 12_582_912
    let n = shifted - 12_582_912
    let r = (bounded - n * 0.693_145_75) - n * 1.428_606_8e-6
    var p: Float = 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    // 2^n in two factors, neither of which overflows: n is within -151...129.
    let exponent = Int32(bitPattern: shifted.bitPattern &- 0x4B40_0000)
    let half = exponent &>> 1
    let first = Float(bitPattern: UInt32(bitPattern: (half &+ 127) &<< 23))
    let second = Float(bitPattern: UInt32(bitPattern: (exponent &- half &+ 127) &<< 23))
    return p * first * second
  }

  /// e to the power of `x`, less one, within 6 units in the last place.
  @inline(__always)
  static func exponentialLessOne(_ x: Float) -> Float {
    // Near zero, the Taylor series.
    var p: Float = 1 / 5040
    p = p * x + 1 / 720
    p = p * x + 1 / 120
    p = p * x + 1 / 24
    p = p * x + 1 / 6
    p = p * x + 0.5
    p = p * x + 1
    let near = p * x
    let far = exponential(x) - 1
    return x.magnitude < 0.5 ? near : far
  }

  /// The hyperbolic tangent, within 5 units in the last place.
  @inline(__always)
  static func hyperbolicTangent(_ x: Float) -> Float {
    let magnitude = x.magnitude
    let far = 1 - 2 / (exponential(2 * magnitude) + 1)
    // Near zero, the Taylor series.
    let square = x * x
    let near =
      magnitude
      + magnitude * square
      * (-1 / 3 + square * (2 / 15 + square * (-17 / 315 + square * (62 / 2835))))
    let value = magnitude < 0.25 ? near : far
    return Float(signOf: x, magnitudeOf: value)
  }

  /// The error function, within 4e-7.
  ///
  /// Formula 7.1.26 of Abramowitz and Stegun, and near zero the Taylor series.
  @inline(__always)
  static func errorFunction(_ x: Float) -> Float {
    let magnitude = x.magnitude
    let t = 1 / (1 + 0.327_591_1 * magnitude)
    var p: Float = 1.061_405_429
    p = p * t - 1.453_152_027
    p = p * t + 1.421_413_741
    p = p * t - 0.284_496_736
    p = p * t + 0.254_829_592
    let far = 1 - p * t * exponential(-magnitude * magnitude)
    let square = x * x
    let series =
      1 + square
      * (-1 / 3 + square * (1 / 10 + square * (-1 / 42 + square * (1 / 216 - square / 1320))))
    let near = 1.128_379_2 * magnitude * series
    return Float(signOf: x, magnitudeOf: magnitude < 0.5 ? near : far)
  }
}
