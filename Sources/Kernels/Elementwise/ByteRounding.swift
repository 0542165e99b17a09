/// How a float becomes the uint8 of a quantized result: the one definition for all integer kernels.
///
/// `y = zero + round(min(max(v, least - zero), most - zero))`, halves to even, the bounds as floats; what
/// is not a number becomes `least`. A real factor between two scales is derived in double precision and
/// then rounded to float32, and sums and products are float32 operations that are each rounded by
/// themselves: the same bits on every machine.
public struct ByteRounding: Sendable {
  let zero: Int32
  let least: Float
  let most: Float

  /// The rounding to an output with zero point `zero`, held within `least ... most`.
  public init(zero: UInt8, least: UInt8 = 0, most: UInt8 = 255) {
    self.zero = Int32(zero)
    self.least = Float(Int32(least) - Int32(zero))
    self.most = Float(Int32(most) - Int32(zero))
  }

  /// The same from the 32-bit words that C kernels take.
  init(zero: Int32, least: Int32, most: Int32) {
    self.zero = zero
    self.least = Float(least &- zero)
    self.most = Float(most &- zero)
  }

  /// Returns `value`, which is in steps of the output's scale, as a stored number.
  @inline(__always) public func callAsFunction(_ value: Float) -> UInt8 {
    let raised = value > least ? value : least
    let held = raised < most ? raised : most
    // Within 255 of zero: this leaves no bits behind the point, and the low bits are the number.
    let whole = Int32(bitPattern: (held + Polynomial.rounding).bitPattern) &- 0x4B40_0000
    return UInt8(truncatingIfNeeded: whole &+ zero)
  }
}
