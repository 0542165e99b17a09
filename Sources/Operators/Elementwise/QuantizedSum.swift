import Kernels
import ModelFormat

/// The sum of two quantized numbers in integers:
/// `y = clamp(zy + (((a - za) * ma + (b - zb) * mb + 2^(s-1)) >> s))`.
///
/// `s` is such that the larger of the real multipliers `sa/sy` and `sb/sy`, times `2^s`, lies in
/// `[2^20, 2^21)`; it is kept within 1...62, beyond which the result is all rounding or saturation.
struct QuantizedSum: PairFunction {
  let zeros: (a: Int, b: Int, y: Int)
  let multipliers: (a: Int, b: Int)
  let shift: Int

  /// The sum, or the difference where `isDifference` holds.
  init(_ a: Affine, _ b: Affine, _ y: Affine, isDifference: Bool) {
    zeros = (a.zero, b.zero, y.zero)
    shift = fixedPointShift(max(a.scale / y.scale, b.scale / y.scale), bits: 21)
    multipliers.a = fixedPoint(a.scale / y.scale, shift: shift)
    let multiplier = fixedPoint(b.scale / y.scale, shift: shift)
    multipliers.b = isDifference ? -multiplier : multiplier
  }

  /// The result for two stored numbers.
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 {
    let sum = (Int(a) &- zeros.a) &* multipliers.a &+ (Int(b) &- zeros.b) &* multipliers.b
    return UInt8(clamping: zeros.y &+ ((sum &+ 1 &<< (shift &- 1)) &>> shift))
  }

  /// Whether 32 bits hold every intermediate result: two products below 2^29 and half of 2^30.
  var fitsInt32: Bool { shift <= 30 && max(multipliers.a, abs(multipliers.b)) <= 1 << 21 }
}

/// The same sum in 32 bits, where `fitsInt32`.
private struct NarrowSum: PairFunction {
  let zeros: (a: Int32, b: Int32, y: Int32)
  let multipliers: (a: Int32, b: Int32)
  let shift: Int32

  init(_ sum: QuantizedSum) {
    zeros = (Int32(sum.zeros.a), Int32(sum.zeros.b), Int32(sum.zeros.y))
    multipliers = (
      Int32(truncatingIfNeeded: sum.multipliers.a), Int32(truncatingIfNeeded: sum.multipliers.b)
    )
    shift = Int32(truncatingIfNeeded: sum.shift)
  }

  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 {
    let sum =
      (Int32(a) &- zeros.a) &* multipliers.a &+ (Int32(b) &- zeros.b) &* multipliers.b
    let y = zeros.y &+ ((sum &+ 1 &<< (shift &- 1)) &>> shift)
    return UInt8(truncatingIfNeeded: min(max(y, 0), 255))
  }
}

/// The shift that brings `real`, which is above zero, to `bits` bits; within 1...62.
func fixedPointShift(_ real: Double, bits: Int) -> Int {
  guard real.isNormal else { return real < 1 ? 62 : 1 }
  return min(max(bits - 1 - Int(real.exponent), 1), 62)
}

/// `real * 2^shift`, rounded; no more than 2^40, with which every result saturates.
func fixedPoint(_ real: Double, shift: Int) -> Int {
  let scaled = real * Double(sign: .plus, exponent: shift, significand: 1)
  return Int(min(scaled.rounded(.toNearestOrEven), 0x1p40))
}

extension NodeFacts {
  /// An execution that adds or subtracts two quantized inputs, or nil where they are not quantized.
  func quantizedSum(
    _ kernel: String, isDifference: Bool
  ) throws(OperatorError) -> Execution? {
    guard let (a, b, y) = try quantizedPair() else { return nil }
    let sum = QuantizedSum(a, b, y, isDifference: isDifference)
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    let overwrites = try overwritable([0, 1])
    if sum.fitsInt32 {
      let narrow = NarrowSum(sum)
      return Execution(kernel: kernel + "_u8", overwrites: overwrites) { operands in
        operands.combine(walk, .input(0), .input(1), narrow)
      }
    }
    return Execution(kernel: kernel + "_u8", overwrites: overwrites) { operands in
      operands.combine(walk, .input(0), .input(1), sum)
    }
  }

  /// The parameters of two quantized inputs and the output, or nil where none is quantized.
  func quantizedPair() throws(OperatorError) -> (Affine, Affine, Affine)? {
    let a = try input(0)
    let b = try input(1)
    guard a.quantization != nil || b.quantization != nil else { return nil }
    return (try a.affine("the first input"), try b.affine("the second input"), try outputAffine())
  }
}
