import CKernels

package typealias UnaryFunctionF32 =
  @convention(c) (
    Int32, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Float, Float
  ) -> Void
package typealias BinaryFunctionF32 =
  @convention(c) (
    Int32, Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, Int, Int,
    UnsafeMutablePointer<Float>?, Float, Float
  ) -> Void

/// The portable form of `unary_f32`, same bits as the others.
package let unaryReferenceF32 = Kernel<UnaryFunctionF32>(
  name: StaticName("pare_unary_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { operation, count, x, y, p, q in
  guard let x, let y else { return }
  switch operation {
  case 0: for i in 0..<count { y[i] = clamped(x[i], p, q) }
  case 1: for i in 0..<count { y[i] = Polynomial.sigmoid(x[i]) }
  case 2: for i in 0..<count { y[i] = Polynomial.tangent(x[i]) }
  case 3: for i in 0..<count { y[i] = Polynomial.silu(x[i]) }
  case 4:
    for i in 0..<count {
      let v = x[i]
      y[i] = v * clamped(v * (1 / 6) + 0.5, 0, 1)
    }
  case 5: for i in 0..<count { y[i] = clamped(x[i] * p + q, 0, 1) }
  case 6:
    for i in 0..<count {
      let v = x[i]
      y[i] = 0.5 * v * (1 + Polynomial.error(v * 0.70710678))
    }
  case 7: for i in 0..<count { y[i] = x[i] < 0 ? x[i] * p : x[i] }
  case 8: for i in 0..<count { y[i] = Polynomial.exponential(x[i]) }
  case 9: for i in 0..<count { y[i] = Polynomial.error(x[i]) }
  case 10: for i in 0..<count { y[i] = x[i] * p + q }
  default: return
  }
}

/// The portable form of `binary_f32`, same bits as the others.
package let binaryReferenceF32 = Kernel<BinaryFunctionF32>(
  name: StaticName("pare_binary_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { operation, rows, count, a, b, row, step, y, min, max in
  guard let a, let b, let y else { return }
  for r in 0..<rows {
    let first = a + r * count
    let second = b + r * row
    let out = y + r * count
    for i in 0..<count {
      let (v, w) = (first[i], second[i * step])
      let value: Float =
        switch operation {
        case 0: v + w
        case 1: v - w
        case 2: v * w
        case 3: v / w
        case 4: v < w || v.isNaN ? v : w
        case 5: v > w || v.isNaN ? v : w
        case 6: w - v
        default: w / v
        }
      out[i] = clamped(value, min, max)
    }
  }
}
