package import CKernels

/// The function of an integer depthwise kernel; see `pare_dwconv_u8s8` in kernels.h.
package typealias DepthwiseFunctionU8S8 =
  @convention(c) (
    Int, Int, Int, UnsafePointer<UnsafePointer<UInt8>?>?, UnsafePointer<Int8>?,
    UnsafePointer<Int32>?, UnsafeMutableRawPointer?, Int, UnsafePointer<pare_qoutput>?
  ) -> Void

/// The order of channels in the blocks of 64 of depthwise weights and constants.
package enum DepthwiseOrder {
  /// Returns the place of `channel`: a vector of 16 lanes, counted over all blocks, and a lane.
  @inline(__always) package static func place(of channel: Int) -> (vector: Int, lane: Int) {
    let inBlock = channel % 64
    return (channel / 64 * 4 + inBlock % 16 / 4, inBlock / 16 * 4 + inBlock % 4)
  }

  /// Returns where the weight of `tap` of `channel` lies; blocks are [taps / 4][4 vectors][16][4].
  @inline(__always) package static func weight(channel: Int, tap: Int, taps: Int) -> Int {
    let (vector, lane) = place(of: channel)
    let group = vector / 4 * ((taps + 3) / 4) + tap / 4
    return group * 256 + vector % 4 * 64 + lane * 4 + tap % 4
  }
}

/// The portable integer depthwise convolution: what the kernels of `dwconv_u8s8` compute, bit for bit.
package let depthwiseReferenceU8S8 = Kernel<DepthwiseFunctionU8S8>(
  name: StaticName("pare_dwconv_u8s8_4x1__portable"), rows: 4, columns: 1, isa: .portable
) { m, channels, taps, a, w, q, c, ldc, output in
  guard let a, let w, let q, let c, let output = output?.pointee else { return }
  for channel in 0..<channels {
    let (vector, lane) = DepthwiseOrder.place(of: channel)
    let constants = q + vector * 48
    for i in 0..<m {
      var sum = constants[lane]
      for tap in 0..<taps {
        guard let row = a[tap * m + i] else { continue }
        let weight = w[DepthwiseOrder.weight(channel: channel, tap: tap, taps: taps)]
        sum &+= Int32(row[channel]) &* Int32(weight)
      }
      storeSum(sum, constants, lane, to: c, at: i * ldc + channel, output)
    }
  }
}
