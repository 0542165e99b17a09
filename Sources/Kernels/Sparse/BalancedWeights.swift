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
  /// Quads that are not zero.
  let stored: Int

  /// Bytes that a run reads.
  var byteCount: Int { bytes.count + counts.count }

  /// Packs weights [output][input][tap] that were counted.
  init(_ g: ConvolutionGeometry, weights: UnsafePointer<Int8>, _ blocks: BlockCounts) {
    let row = QuadRow(g)
    let (taps, segments) = (row.taps, BlockSegments(quads: row.quads))
    self.segments = segments
    counts = blocks.steps
    stored = blocks.stored
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
    // Zeros may be written past the last segment.
    bytes = AlignedBytes(end + 128)
    for output in 0..<g.outputChannels {
      let (panel, lane) = output.quotientAndRemainder(dividingBy: 16)
      var to = bytes.base + starts.pointer(Int.self)[panel] + lane * 4
      var steps = UnsafePointer(counts + panel * panelCounts)
      row.withWords(of: weights + output * g.depth) { words in
        for tap in 0..<taps {
          for segment in 0..<segments.count {
            let range = segments.range(segment)
            Self.pack(
              words + (tap * row.quads + range.lowerBound) * 4, count: range.count,
              isLong: steps.pointee > 8, to: to)
            to += Self.byteCount(steps: steps.pointee)
            steps += 1
          }
        }
      }
    }
  }

  /// Bytes of a segment of `steps`.
  private static func byteCount(steps: UInt8) -> Int { 64 * (Int(steps) + (Int(steps) + 7) / 8) }

  /// Writes those of `count` quads of one output in a segment that are not zero to a lane, with places.
  ///
  /// No branch depends on them: a zero is written too, and then written over.
  @inline(__always) private static func pack(
    _ words: UnsafeRawPointer, count: Int, isLong: Bool, to lane: UnsafeMutableRawPointer
  ) {
    var step = 0
    var choices: UInt64 = 0
    for quad in 0..<count {
      let word = words.loadUnaligned(fromByteOffset: quad &* 4, as: UInt32.self)
      // Each eight steps come after their choices.
      lane.storeBytes(of: word, toByteOffset: (step &+ step / 8 &+ 1) &* 64, as: UInt32.self)
      let isStored = word == 0 ? 0 : 1
      choices |= UInt64(truncatingIfNeeded: quad &* isStored) &<< UInt64(4 &* step)
      step &+= isStored
    }
    guard step > 0 else { return }
    lane.storeBytes(of: UInt32(truncatingIfNeeded: choices), as: UInt32.self)
    if isLong {
      lane.storeBytes(
        of: UInt32(truncatingIfNeeded: choices >> 32), toByteOffset: 9 * 64, as: UInt32.self)
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
