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
    let row = QuadRow(g)
    let (taps, quads) = (row.taps, row.quads)
    let segments = BlockSegments(quads: quads)
    let panels = (g.outputChannels + 15) / 16
    steps = AlignedBytes(panels * taps * segments.count)
    var all = 0
    for output in 0..<g.outputChannels {
      var most = steps.pointer(UInt8.self) + output / 16 * taps * segments.count
      row.withWords(of: weights + output * g.depth) { words in
        for tap in 0..<taps {
          for segment in 0..<segments.count {
            var count = 0
            for quad in segments.range(segment) {
              let word = words.loadUnaligned(
                fromByteOffset: (tap &* quads &+ quad) &* 4, as: UInt32.self)
              count &+= word == 0 ? 0 : 1
            }
            all &+= count
            most.pointee = max(most.pointee, UInt8(truncatingIfNeeded: count))
            most += 1
          }
        }
      }
    }
    stored = all
    let reached = steps.pointer(UInt8.self)
    for index in 0..<panels * taps * segments.count {
      totalSteps += Int(reached[index])
      if reached[index] != 0 { usedSegments += 1 }
    }
  }
}
