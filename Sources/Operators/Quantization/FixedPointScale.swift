/// Multiplication of an integer by a real number above zero, rounded half up, in integers alone:
/// `(x * multiplier + 2^(shift - 1)) >> shift`, the same on every machine.
struct FixedPointScale: Sendable, Hashable {
  /// The number's leading 31 bits, 2^30 to 2^31.
  let multiplier: Int64
  /// Bits to drop, 1 to 62.
  let shift: Int64

  /// The nearest scale to `ratio`, which is finite and above zero.
  ///
  /// Ratios that take every int32 to zero or out of the range of uint8 do so here too.
  init(_ ratio: Double) {
    var leading = Int64((ratio.significand * 0x1p30).rounded(.toNearestOrEven))
    var shift = 30 - Int64(ratio.exponent)
    if leading == 1 << 31 {
      leading = 1 << 30
      shift -= 1
    }
    if shift > 62 { (leading, shift) = (0, 1) }
    multiplier = leading
    self.shift = max(1, shift)
  }

  /// `value` times the ratio, rounded.
  @inline(__always)
  func scaled(_ value: Int32) -> Int64 {
    (Int64(value) &* multiplier &+ (1 &<< (shift &- 1))) &>> shift
  }
}
