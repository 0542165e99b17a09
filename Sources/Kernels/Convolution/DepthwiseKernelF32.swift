import CKernels

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
  for i in 0..<m {
    for channel in 0..<channels {
      let weights = w + channel / 16 * taps * 16 + channel % 16
      var sum = bias[channel]
      for tap in 0..<taps {
        guard let row = a[tap * m + i] else { continue }
        sum += row[channel] * weights[tap * 16]
      }
      let at = i * ldc + channel
      c[at] = clamped(sum + (residual?[at] ?? 0), min, max)
    }
  }
}
