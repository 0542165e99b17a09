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

/// The function of a float depthwise kernel for one row; see `pare_dwrow_f32` in kernels.h.
package typealias DepthwiseRowFunctionF32 =
  @convention(c) (
    UnsafePointer<pare_depthwise_row>?, UnsafePointer<Float>?, UnsafePointer<Float>?,
    UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Float, Float
  ) -> Void

/// The portable form of the kernels of `dwrow_f32`.
package let depthwiseRowReferenceF32 = Kernel<DepthwiseRowFunctionF32>(
  name: StaticName("pare_dwrow_f32_1x1__portable"), rows: 1, columns: 1, isa: .portable
) { row, w, bias, residual, c, min, max in
  guard let row = row?.pointee, let w, let bias, let c else { return }
  let taps = row.kernel * row.kernel
  for x in 0..<row.output_width {
    let y = c + x * row.channels
    for channel in 0..<row.channels {
      let weights = w + channel / 16 * taps * 16 + channel % 16
      var sum = bias[channel]
      row.forEachTap(of: x) { ky, kx, input, element in
        let value = input.assumingMemoryBound(to: Float.self)[element + channel]
        sum += value * weights[(ky * row.kernel + kx) * 16]
      }
      y[channel] = clamped(sum + (residual?[x * row.channels + channel] ?? 0), min, max)
    }
  }
}
