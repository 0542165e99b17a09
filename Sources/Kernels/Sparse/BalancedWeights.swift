/// The weights of a balanced product in the order of its kernel, panel by panel of 16 outputs; see
/// `pare_bsgemm_u8s8` in kernels.h.
final class BalancedWeights: Sendable {
  let segments: BlockSegments
  /// Steps of [panel][tap][segment].
  private let counts: AlignedBytes
  /// Choices and quads.
  private let bytes: AlignedBytes
  /// Where the bytes of each panel begin.
  private let starts: AlignedBytes
  /// Counts of a panel.
  private let panelCounts: Int
  /// Quads that are multiplied though they are zero, and all that are multiplied.
  let stored: Int, steps: Int

  /// Bytes that a run reads.
  var byteCount: Int { bytes.count + counts.count }

  /// Packs weights [output][input][tap] that were counted.
  init(_ g: ConvolutionGeometry, weights: UnsafePointer<Int8>, _ blocks: BlockCounts) {
    let (taps, channels) = (g.kernelHeight * g.kernelWidth, g.inputChannels)
    segments = BlockSegments(quads: (channels + 3) / 4)
    counts = blocks.steps
    (stored, steps) = (blocks.stored, blocks.totalSteps)
    panelCounts = taps * segments.count
    let panels = (g.outputChannels + 15) / 16
    let counts = blocks.steps.pointer(UInt8.self)
    starts = AlignedBytes(panels, of: Int.self)
    var end = 0
    for panel in 0..<panels {
      starts.pointer(Int.self)[panel] = end
      for index in 0..<panelCounts {
        end += Self.byteCount(steps: counts[panel * panelCounts + index])
      }
    }
    bytes = AlignedBytes(end)
    for output in 0..<g.outputChannels {
      let (panel, lane) = output.quotientAndRemainder(dividingBy: 16)
      var to = bytes.base + starts.pointer(Int.self)[panel] + lane * 4
      let row = weights + output * g.depth
      for tap in 0..<taps {
        for segment in 0..<segments.count {
          Self.pack(
            row + tap, quads: segments.range(segment), channels: channels, stride: taps, to: to)
          let index = panel * panelCounts + tap * segments.count + segment
          to += Self.byteCount(steps: counts[index])
        }
      }
    }
  }

  /// Bytes of a segment of `steps`.
  private static func byteCount(steps: UInt8) -> Int { 64 * (Int(steps) + (Int(steps) + 7) / 8) }

  /// Writes the quads of one output in a segment, whose channels lie `stride` apart, and their places
  /// to a lane of zeros.
  @inline(__always) private static func pack(
    _ row: UnsafePointer<Int8>, quads: Range<Int>, channels: Int, stride: Int,
    to lane: UnsafeMutableRawPointer
  ) {
    var step = 0
    var choices: UInt32 = 0
    for quad in quads {
      let first = row + quad * 4 * stride
      var word: UInt32 = 0
      for member in 0..<min(4, channels - quad * 4) {
        word |= UInt32(UInt8(bitPattern: first[member * stride])) << UInt32(8 * member)
      }
      guard word != 0 else { continue }
      choices |= UInt32(quad - quads.lowerBound) << UInt32(4 * (step % 8))
      // Each eight steps come after their choices.
      lane.storeBytes(of: choices, toByteOffset: step / 8 * 9 * 64, as: UInt32.self)
      lane.storeBytes(of: word, toByteOffset: (step + step / 8 + 1) * 64, as: UInt32.self)
      step += 1
      if step % 8 == 0 { choices = 0 }
    }
  }

  /// The steps and weights of `panel`.
  @inline(__always) func panel(
    _ panel: Int
  ) -> (counts: UnsafePointer<UInt8>, weights: UnsafePointer<Int8>) {
    (
      UnsafePointer(counts.pointer(UInt8.self) + panel * panelCounts),
      UnsafePointer(
        (bytes.base + starts.pointer(Int.self)[panel]).assumingMemoryBound(to: Int8.self))
    )
  }
}
