/// A positive real factor as `multiplier / 2^shift`, for exact integer rescaling on every machine.
///
/// Derived in double precision: the factor is f * 2^e with 1 <= f < 2; the multiplier is f * 2^30
/// rounded to nearest, ties away from zero, and the shift is 30 - e. If rounding gives 2^31, the
/// multiplier is halved and the shift lowered by one. Factors from 2^30 on saturate at
/// (2^31 - 1) / 2^1. Those that would need a shift above 62 (below 2^-32), zero, negative factors and
/// what is not a number become 2^30 / 2^62, which takes every int32 to zero.
public struct Requantization: Hashable, Sendable {
  /// At least 2^30, below 2^31.
  public let multiplier: Int32
  /// At least 1, at most 62.
  public let shift: Int32

  /// The nearest representable factor to `factor`.
  public init(_ factor: Double) {
    guard factor > 0 else {
      (multiplier, shift) = (1 << 30, 62)
      return
    }
    guard factor < 0x1p30 else {
      (multiplier, shift) = (Int32.max, 1)
      return
    }
    var scaled = Int64((factor.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
    var shift = 30 - Int(factor.exponent)
    if scaled == 1 << 31 {
      scaled = 1 << 30
      shift -= 1
    }
    if shift < 1 {
      (scaled, shift) = (Int64(Int32.max), 1)
    } else if shift > 62 {
      (scaled, shift) = (1 << 30, 62)
    }
    multiplier = Int32(scaled)
    self.shift = Int32(shift)
  }

  /// Returns the factor `input * weight / output` of an integer convolution.
  public static func ofScales(input: Float, weight: Float, output: Float) -> Requantization {
    Requantization(Double(input) * Double(weight) / Double(output))
  }

  /// Returns `zero` plus `sum` times the factor, rounded half up, clamped to `min ... max`.
  @inline(__always) public func apply(
    _ sum: Int32, zero: Int32, min: Int32, max: Int32
  ) -> UInt8 {
    let scaled = (Int64(sum) * Int64(multiplier) + (1 << (Int64(shift) - 1))) >> Int64(shift)
    let held = Swift.min(Swift.max(scaled, Int64(min - zero)), Int64(max - zero))
    return UInt8(truncatingIfNeeded: held + Int64(zero))
  }

  /// Returns `bias` in units of `unit`, rounded half away from zero and held within 2^30.
  public static func integerBias(_ bias: Float, unit: Double) -> Int32 {
    let value = (Double(bias) / unit).rounded(.toNearestOrAwayFromZero)
    guard value == value else { return 0 }
    return Int32(Swift.min(Swift.max(value, -0x1p30), 0x1p30))
  }
}
