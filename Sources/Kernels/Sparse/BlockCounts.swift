/// How many quads of int8 weights are not zero, in all and in the segments of balanced products.
struct BlockCounts: Sendable {
  /// Quads that are not zero.
  private(set) var stored = 0
  /// The most such quads of an output in [panel][tap][segment], which is what a balanced product takes.
  let steps: AlignedBytes
  /// Their sum.
  private(set) var totalSteps = 0
  /// Entries of `steps` that are not zero.
  private(set) var usedSegments = 0

  /// Counts the quads of weights [output][input][tap] of one group.
  init(_ g: ConvolutionGeometry, weights: UnsafePointer<Int8>) {
    let (taps, channels) = (g.kernelHeight * g.kernelWidth, g.inputChannels)
    let segments = BlockSegments(quads: (channels + 3) / 4)
    let panels = (g.outputChannels + 15) / 16
    steps = AlignedBytes(panels * taps * segments.count)
    let most = steps.pointer(UInt8.self)
    let inRow = AlignedBytes(taps * segments.count)
    let counts = inRow.pointer(UInt8.self)
    for output in 0..<g.outputChannels {
      counts.update(repeating: 0, count: taps * segments.count)
      let row = weights + output * g.depth
      for segment in 0..<segments.count {
        for quad in segments.range(segment) {
          let first = row + quad * 4 * taps
          let members = min(4, channels - quad * 4)
          for tap in 0..<taps {
            var bits: Int8 = 0
            for member in 0..<members { bits |= first[member * taps + tap] }
            if bits != 0 { counts[tap * segments.count + segment] += 1 }
          }
        }
      }
      let panel = most + output / 16 * taps * segments.count
      for index in 0..<taps * segments.count {
        stored += Int(counts[index])
        panel[index] = max(panel[index], counts[index])
      }
    }
    for index in 0..<panels * taps * segments.count {
      totalSteps += Int(most[index])
      if most[index] != 0 { usedSegments += 1 }
    }
  }
}
