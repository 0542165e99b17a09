import CKernels

package typealias PoolFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<UnsafePointer<Float>?>?, UnsafeMutablePointer<Float>?, Float
  ) -> Void
package typealias PoolFunctionU8 =
  @convention(c) (
    Int, Int, UnsafePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?, Int32, Int32
  ) -> Void

/// The portable form of `pool_f32`, same bits as the others.
package let poolReferenceF32 = Kernel<PoolFunctionF32>(
  name: StaticName("pare_pool_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { channels, taps, rows, y, scale in
  guard let rows, let y, taps > 0, let first = rows[0] else { return }
  for k in 0..<channels {
    var value = first[k]
    for tap in 1..<max(taps, 1) {
      guard let row = rows[tap] else { continue }
      if scale < 0 { value = row[k] > value ? row[k] : value } else { value += row[k] }
    }
    y[k] = scale < 0 ? value : value * scale
  }
}

/// The portable form of `pool_u8`, same bits as the others.
package let poolReferenceU8 = Kernel<PoolFunctionU8>(
  name: StaticName("pare_pool_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { channels, taps, rows, y, extra, count in
  guard let rows, let y, taps > 0 else { return }
  for k in 0..<channels {
    var most: UInt8 = 0
    var sum = extra
    for tap in 0..<taps {
      guard let row = rows[tap] else { continue }
      most = max(most, row[k])
      sum += Int32(row[k])
    }
    y[k] = count == 0 ? most : UInt8(truncatingIfNeeded: (2 * sum + count) / (2 * count))
  }
}
