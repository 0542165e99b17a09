import CKernels

/// The sum of two quantized tensors as a quantized tensor, in exact 32-bit arithmetic.
///
/// `y = clamp(zy + (((a - za) * Ma + (b - zb) * Mb + 2^(S-1)) >> S))` with Ma = sa / sy * 2^S and
/// Mb = sb / sy * 2^S, rounded half away from zero. S is such that the larger of the two lies in
/// 2^20 ..< 2^21, as far as 1 ... 31 allows; multipliers are held below 2^21. Then no sum overflows.
public struct AddU8: Sendable {
  let parameters: pare_add_u8_parameters

  /// The sum of inputs with scale and zero point `a` and `b`, in those of `output`, clamped.
  public init(
    a: (scale: Float, zeroPoint: UInt8), b: (scale: Float, zeroPoint: UInt8),
    output: (scale: Float, zeroPoint: UInt8), clampMin: UInt8 = 0, clampMax: UInt8 = 255
  ) {
    let first = Double(a.scale) / Double(output.scale)
    let second = Double(b.scale) / Double(output.scale)
    let most = max(first, second)
    var shift = 31
    if most.isFinite, most > 0 { shift = min(31, max(1, 20 - Int(most.exponent))) }
    if most >= 0x1p20 { shift = 1 }
    parameters = pare_add_u8_parameters(
      a_zero: Int32(a.zeroPoint), b_zero: Int32(b.zeroPoint),
      a_multiplier: Self.multiplier(first, shift: shift),
      b_multiplier: Self.multiplier(second, shift: shift), shift: Int32(shift),
      zero: Int32(output.zeroPoint), min: Int32(clampMin), max: Int32(clampMax))
  }

  private static func multiplier(_ factor: Double, shift: Int) -> Int32 {
    let scaled = (factor * Double(1 << shift)).rounded(.toNearestOrAwayFromZero)
    guard scaled > 0 else { return 0 }
    return Int32(min(scaled, Double((1 << 21) - 1)))
  }
}

extension VectorKernels {
  /// Computes y[i] = a[i] + b[i] for `count` elements.
  public func apply(
    _ addition: AddU8, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>,
    to y: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    withUnsafePointer(to: addition.parameters) { add.function(count, a, b, y, $0) }
  }
}
