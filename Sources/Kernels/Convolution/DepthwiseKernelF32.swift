package import CKernels

/// The function of a float depthwise kernel; see `pare_dwconv_f32` in kernels.h.
package typealias DepthwiseFunctionF32 =
  @convention(c) (
    Int, Int, Int, UnsafePointer<UnsafePointer<Float>?>?, UnsafePointer<Float>?,
    UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Float, Float
  ) -> Void

/// The portable float depthwise convolution: what the kernels of `dwconv_f32` compute.
package let depthwiseReferenceF32 = Kernel<DepthwiseFunctionF32>(
  name: StaticName("pare_dwconv_f32_4x1__portable"), rows: 4, columns: 1, isa: .portable
) { m, channels, taps, a, w, bias, residual, c, ldc, min, max in
  guard let a, let w, let bias, let c else { return }
  for first in stride(from: 0, to: channels, by: 16) {
    for i in 0..<m {
      var sums = UnsafeRawPointer(bias + first).loadUnaligned(as: SIMD16<Float>.self)
      for tap in 0..<taps {
        guard let row = a[tap * m + i] else { continue }
        sums += lanes(row + first) * lanes(w + (first * taps + tap * 16))
      }
      storeLanes(sums, residual, c, at: i * ldc + first, count: channels - first, min, max)
    }
  }
}

/// Returns 16 floats from `pointer` on.
@inline(__always) private func lanes(_ pointer: UnsafePointer<Float>) -> SIMD16<Float> {
  UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Float>.self)
}

/// Stores the first `count` lanes, at most 16, with the residual added and clamped.
@inline(__always) private func storeLanes(
  _ sums: SIMD16<Float>, _ residual: UnsafePointer<Float>?, _ c: UnsafeMutablePointer<Float>,
  at index: Int, count: Int, _ min: Float, _ max: Float
) {
  for j in 0..<Swift.min(16, count) {
    c[index + j] = clamped(sums[j] + (residual?[index + j] ?? 0), min, max)
  }
}

/// The function of a float depthwise kernel for rows of outputs; see `pare_dwrow_f32` in kernels.h.
package typealias DepthwiseRowFunctionF32 =
  @convention(c) (
    UnsafePointer<pare_depthwise_rows>?, UnsafePointer<Float>?, UnsafePointer<Float>?,
    UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Float, Float
  ) -> Void

/// The portable form of the kernels of `dwrow_f32`.
package let depthwiseRowReferenceF32 = Kernel<DepthwiseRowFunctionF32>(
  name: StaticName("pare_dwrow_f32_2x1__portable"), rows: 2, columns: 1, isa: .portable
) { rows, w, bias, residual, c, min, max in
  guard let rows = rows?.pointee, let w, let bias, let c else { return }
  let taps = rows.kernel * rows.kernel
  for first in stride(from: 0, to: rows.channels, by: 16) {
    for pixel in 0..<rows.count * rows.output_width {
      var sums = lanes(bias + first)
      rows.forEachTap(of: pixel % rows.output_width, pixel / rows.output_width) {
        ky, kx, input, element in
        let value = lanes(input.assumingMemoryBound(to: Float.self) + (element + first))
        sums += value * lanes(w + (first * taps + (ky * rows.kernel + kx) * 16))
      }
      storeLanes(
        sums, residual, c, at: pixel * rows.channels + first, count: rows.channels - first, min,
        max)
    }
  }
}
