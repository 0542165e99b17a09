import CKernels

/// The function of a float matrix-product kernel; see `pare_igemm_f32` in kernels.h.
package typealias ProductFunctionF32 =
  @convention(c) (
    Int, Int, Int, Int, UnsafePointer<UnsafePointer<Float>?>?, UnsafePointer<Float>?, Int,
    UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Float, Float
  ) -> Void

/// The portable float matrix product: what the kernels of `igemm_f32` compute.
package let productReferenceF32 = Kernel<ProductFunctionF32>(
  name: StaticName("pare_igemm_f32_4x16__portable"), rows: 4, columns: 16, isa: .portable
) { m, n, taps, channels, a, b, stride, bias, residual, c, ldc, min, max in
  guard let a, let b, let bias, let c else { return }
  for first in Swift.stride(from: 0, to: n, by: 16) {
    for i in 0..<m {
      var sums = UnsafeRawPointer(bias + first).loadUnaligned(as: SIMD16<Float>.self)
      var weights = UnsafeRawPointer(b + first / 16 * stride)
      for tap in 0..<taps {
        guard let row = a[tap * m + i] else { continue }
        for k in 0..<channels {
          sums += row[k] * weights.loadUnaligned(as: SIMD16<Float>.self)
          weights += 64
        }
      }
      let at = i * ldc + first
      for j in 0..<Swift.min(16, n - first) {
        c[at + j] = clamped(sums[j] + (residual?[at + j] ?? 0), min, max)
      }
    }
  }
}

/// The function of a float product of rows at regular steps; see `pare_gemm_f32` in kernels.h.
package typealias RowProductFunctionF32 =
  @convention(c) (
    Int, Int, Int, UnsafePointer<Float>?, Int, UnsafePointer<Float>?, Int, UnsafePointer<Float>?,
    UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Float, Float
  ) -> Void

/// What the kernels of `gemm_f32` compute.
///
/// Layers take `productReferenceF32` where there is none.
package let rowProductReferenceF32 = Kernel<RowProductFunctionF32>(
  name: StaticName("pare_gemm_f32_1x16__portable"), rows: 1, columns: 16, isa: .portable
) { m, n, k, a, lda, b, stride, bias, residual, c, ldc, min, max in
  guard let a, let c else { return }
  for i in 0..<m {
    withUnsafePointer(to: Optional(a + i * lda)) { row in
      productReferenceF32.function(
        1, n, 1, k, row, b, stride, bias, residual.map { $0 + i * ldc }, c + i * ldc, ldc, min, max)
    }
  }
}

/// Returns `x` held within `min` and `max`; what is not a number stays so.
@inline(__always) func clamped(_ x: Float, _ min: Float, _ max: Float) -> Float {
  let y = x < min ? min : x
  return max < y ? max : y
}
