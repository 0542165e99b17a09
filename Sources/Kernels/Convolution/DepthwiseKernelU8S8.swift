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
    weight(channel: channel, group: tap / 4, of: (taps + 3) / 4, byte: tap % 4)
  }

  /// Returns where a weight lies for kernels that take a row at a time: the groups of a square kernel
  /// are [rows / 4][columns], each of 4 rows.
  @inline(__always) package static func weight(
    channel: Int, ky: Int, kx: Int, kernel: Int
  ) -> Int {
    weight(
      channel: channel, group: ky / 4 * kernel + kx, of: (kernel + 3) / 4 * kernel, byte: ky % 4)
  }

  @inline(__always) private static func weight(
    channel: Int, group: Int, of groups: Int, byte: Int
  ) -> Int {
    let (vector, lane) = place(of: channel)
    return (vector / 4 * groups + group) * 256 + vector % 4 * 64 + lane * 4 + byte
  }

  /// Writes weights [channel][tap] to zeroed `packed`, by taps.
  static func packTaps(
    _ weights: UnsafePointer<Int8>, channels: Int, taps: Int, to packed: UnsafeMutablePointer<Int8>
  ) {
    for channel in 0..<channels {
      let target = packed + weight(channel: channel, tap: 0, taps: taps)
      for tap in 0..<taps { target[tap / 4 * 256 + tap % 4] = weights[channel * taps + tap] }
    }
  }

  /// Writes weights [channel][row][column] of a square kernel to zeroed `packed`, by rows.
  static func packRows(
    _ weights: UnsafePointer<Int8>, channels: Int, kernel: Int,
    to packed: UnsafeMutablePointer<Int8>
  ) {
    for channel in 0..<channels {
      let target = packed + weight(channel: channel, ky: 0, kx: 0, kernel: kernel)
      let source = weights + channel * kernel * kernel
      for ky in 0..<kernel {
        for kx in 0..<kernel {
          target[(ky / 4 * kernel + kx) * 256 + ky % 4] = source[ky * kernel + kx]
        }
      }
    }
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

/// The function of an integer depthwise kernel for rows of outputs; see `pare_dwrow_u8s8` in kernels.h.
package typealias DepthwiseRowFunctionU8S8 =
  @convention(c) (
    UnsafePointer<pare_depthwise_rows>?, UnsafePointer<Int8>?, UnsafePointer<Int32>?,
    UnsafeMutableRawPointer?, UnsafePointer<pare_qoutput>?
  ) -> Void

/// The portable form of the kernels of `dwrow_u8s8`, bit for bit.
package let depthwiseRowReferenceU8S8 = Kernel<DepthwiseRowFunctionU8S8>(
  name: StaticName("pare_dwrow_u8s8_2x1__portable"), rows: 2, columns: 1, isa: .portable
) { rows, w, q, c, output in
  guard let rows = rows?.pointee, let w, let q, let c, let output = output?.pointee else { return }
  for channel in 0..<rows.channels {
    let (vector, lane) = DepthwiseOrder.place(of: channel)
    let constants = q + vector * 48
    let weights = w + DepthwiseOrder.weight(channel: channel, ky: 0, kx: 0, kernel: rows.kernel)
    for pixel in 0..<rows.count * rows.output_width {
      var sum = constants[lane]
      rows.forEachTap(of: pixel % rows.output_width, pixel / rows.output_width) {
        ky, kx, input, element in
        let value = input.assumingMemoryBound(to: UInt8.self)[element + channel]
        let weight = weights[(ky / 4 * rows.kernel + kx) * 256 + ky % 4]
        sum &+= Int32(value) &* Int32(weight)
      }
      storeSum(sum, constants, lane, to: c, at: pixel * rows.channels + channel, output)
    }
  }
}
