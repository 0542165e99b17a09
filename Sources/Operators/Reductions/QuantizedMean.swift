import Kernels
import ModelFormat

/// The mean of quantized numbers in integers:
/// `y = clamp(zy + (((sum - n * zx) * m + 2^(s-1)) >> s))` with `m = sx / (sy * n) * 2^s`.
///
/// `m` has 31 bits, or fewer where the sum needs more than 32; `s` lies within 1...62.
struct QuantizedMean: Sendable {
  let offset: Int
  let zero: Int
  let multiplier: Int
  let shift: Int

  init(_ x: Affine, _ y: Affine, terms: Int) {
    // 62 bits hold the product of a sum of `terms` bytes and the multiplier.
    let sumBits = Int.bitWidth - (255 &* terms).leadingZeroBitCount
    let real = x.scale / y.scale / Double(max(1, terms))
    shift = fixedPointShift(real, bits: min(31, max(1, 62 - sumBits)))
    // A mean above 2^9 steps saturates, whatever its size.
    let greatest = 1 << max(1, min(40, 62 - sumBits))
    multiplier = min(fixedPoint(real, shift: shift), greatest)
    offset = terms &* x.zero
    zero = y.zero
  }

  /// The result for the sum of the stored numbers.
  @inline(__always)
  func callAsFunction(_ sum: Int) -> UInt8 {
    let product = (sum &- offset) &* multiplier
    return UInt8(clamping: zero &+ ((product &+ 1 &<< (shift &- 1)) &>> shift))
  }
}

extension NodeFacts {
  /// An execution for the mean of a quantized input.
  func quantizedMean() throws(OperatorError) -> Execution {
    let walk = try reductionWalk()
    let x = try input(0).affine("the input")
    let mean = QuantizedMean(x, try outputAffine(), terms: walk.terms)
    return Execution(kernel: "reduce_mean_u8") { operands in
      operands.split(walk.outputs, grain: max(1, (1 << 15) / max(1, walk.terms))) { range in
        let from = operands.input(0, as: UInt8.self)
        let to = operands.output(as: UInt8.self)
        for index in range { to[index] = mean(walk.sum(from + walk.start(ofOutput: index))) }
      }
    }
  }
}

extension ReductionWalk {
  /// The sum of one output's terms.
  fileprivate func sum(_ first: UnsafePointer<UInt8>) -> Int {
    var sum = 0
    for row in 0..<rows {
      let x = first + start(ofRow: row)
      for i in 0..<self.row.extent { sum &+= Int(x[i &* self.row.stride]) }
    }
    return sum
  }
}
