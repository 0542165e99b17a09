import Kernels
import ModelFormat

extension ValueFacts {
  /// What each uint8 of this value becomes with the parameters of `output`:
  /// `y = clamp(zy + round((x - zx) * f))` with `f = sx / sy`, as `ByteRounding` says.
  func requantization(to output: ValueFacts) throws(OperatorError) -> LookupU8 {
    let from = try affine("an input")
    let to = try output.affine("the output")
    let rounding = ByteRounding(zero: to.stored.zeroPoint)
    let factor = Rescaling.factor(from.scale, over: to.scale)
    return LookupU8 { rounding(Float(Int32($0) &- Int32(from.zero)) * factor) }
  }
}
