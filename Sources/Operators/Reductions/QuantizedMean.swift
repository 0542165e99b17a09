import Kernels
import ModelFormat

/// The mean of quantized numbers: `y = clamp(zy + round((sum - n * zx) * f))` with an exact sum and
/// `f = sx / sy / n`, as `ByteRounding` says.
struct QuantizedMean: Sendable {
  let offset: Int
  let factor: Float
  let rounding: ByteRounding

  init(_ x: Affine, _ y: Affine, terms: Int) {
    offset = terms &* x.zero
    factor = Rescaling.factor(x.scale / y.scale, over: Double(max(1, terms)))
    rounding = ByteRounding(zero: y.stored.zeroPoint)
  }

  /// The result for the sum of the stored numbers.
  @inline(__always)
  func callAsFunction(_ sum: Int) -> UInt8 { rounding(Float(sum &- offset) * factor) }
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
