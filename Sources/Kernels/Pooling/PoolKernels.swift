package import CKernels

package typealias PoolFunctionF32 =
  @convention(c) (
    UnsafePointer<pare_pool_windows>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Float
  ) -> Void
package typealias PoolFunctionU8 =
  @convention(c) (
    UnsafePointer<pare_pool_windows>?, UnsafePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, Int32,
    Float, Int32
  ) -> Void

extension pare_pool_windows {
  /// Calls `body` with the position of each tap of window `pixel`, in order.
  @inline(__always) func forEachTap(of pixel: Int, _ body: (Int) -> Void) {
    for plane in 0..<planes {
      for row in 0..<rows {
        let first = pixel * pixel_step + plane * plane_step + row * row_step
        for column in 0..<columns { body(first + column * column_step) }
      }
    }
  }
}

/// The portable form of `pool_f32`, same bits as the others.
package let poolReferenceF32 = Kernel<PoolFunctionF32>(
  name: StaticName("pare_pool_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { windows, x, y, divisor in
  guard let windows = windows?.pointee, let x, let y else { return }
  let channels = windows.channels
  for pixel in 0..<windows.pixels {
    let target = y + pixel * channels
    target.update(repeating: divisor < 0 ? -.infinity : 0, count: channels)
    windows.forEachTap(of: pixel) { tap in
      let source = x + tap
      if divisor < 0 {
        for c in 0..<channels { target[c] = source[c] > target[c] ? source[c] : target[c] }
      } else {
        for c in 0..<channels { target[c] += source[c] }
      }
    }
    if divisor >= 0 { for c in 0..<channels { target[c] /= divisor } }
  }
}

/// The portable form of `pool_u8`, same bits as the others.
package let poolReferenceU8 = Kernel<PoolFunctionU8>(
  name: StaticName("pare_pool_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { windows, x, y, start, factor, zero in
  guard let windows = windows?.pointee, let x, let y else { return }
  let rounding = ByteRounding(zero: zero, least: 0, most: 255)
  for pixel in 0..<windows.pixels {
    for c in 0..<windows.channels {
      var most: UInt8 = 0
      var sum = start
      windows.forEachTap(of: pixel) { tap in
        most = max(most, x[tap + c])
        sum &+= Int32(x[tap + c])
      }
      y[pixel * windows.channels + c] = factor < 0 ? most : rounding(Float(sum) * factor)
    }
  }
}
