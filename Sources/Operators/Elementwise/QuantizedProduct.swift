import Kernels
import ModelFormat

/// The product of two quantized numbers in integers:
/// `y = clamp(zy + (((a - za) * (b - zb) * m + 2^(s-1)) >> s))`.
///
/// `s` is such that `m = sa * sb / sy * 2^s` lies in `[2^30, 2^31)`, within 1...62 as for sums.
struct QuantizedProduct: PairFunction {
  let zeros: (a: Int, b: Int, y: Int)
  let multiplier: Int
  let shift: Int

  init(_ a: Affine, _ b: Affine, _ y: Affine) {
    zeros = (a.zero, b.zero, y.zero)
    let real = a.scale * b.scale / y.scale
    shift = fixedPointShift(real, bits: 31)
    multiplier = fixedPoint(real, shift: shift)
  }

  /// The result for two stored numbers.
  @inline(__always)
  func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 {
    let product = (Int(a) &- zeros.a) &* (Int(b) &- zeros.b) &* multiplier
    return UInt8(clamping: zeros.y &+ ((product &+ 1 &<< (shift &- 1)) &>> shift))
  }
}

extension NodeFacts {
  /// An execution that multiplies two quantized inputs, or nil where they are not quantized.
  func quantizedProduct() throws(OperatorError) -> Execution? {
    guard let (a, b, y) = try quantizedPair() else { return nil }
    let product = QuantizedProduct(a, b, y)
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    return Execution(kernel: "mul_u8", overwrites: try overwritable([0, 1])) { operands in
      operands.combine(walk, .input(0), .input(1), product)
    }
  }
}
