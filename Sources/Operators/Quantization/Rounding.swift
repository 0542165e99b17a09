/// `value` within `lowest ... highest`; what is no number becomes `lowest`.
@inline(__always)
func saturating<T: BinaryFloatingPoint>(_ value: T, _ lowest: T, _ highest: T) -> T {
  value > lowest ? (value < highest ? value : highest) : lowest
}

/// The integer nearest to `value`, halves to even, for values within ±2^22.
///
/// Adding 1.5 · 2^23 leaves no bits behind the binary point, so that the processor's own rounding does
/// the work and the low bits of the sum are the integer. There is nothing that could trap, and the
/// compiler can do many at a time.
@inline(__always)
func roundedInteger(_ value: Float) -> Int32 {
  Int32(bitPattern: (value + 0x1.8p23).bitPattern) &- Int32(bitPattern: Float(0x1.8p23).bitPattern)
}

/// `real + zeroPoint`, rounded half to even, within the range of `T`, which has up to 16 bits.
@inline(__always)
func roundedSum<T: FixedWidthInteger>(_ real: Float, _ zeroPoint: T) -> T {
  // The bounds are integers, so that it makes no difference to saturate before rounding.
  let zero = Int32(truncatingIfNeeded: zeroPoint)
  let lowest = Float(Int32(truncatingIfNeeded: T.min) &- zero)
  let highest = Float(Int32(truncatingIfNeeded: T.max) &- zero)
  return T(truncatingIfNeeded: roundedInteger(saturating(real, lowest, highest)) &+ zero)
}
