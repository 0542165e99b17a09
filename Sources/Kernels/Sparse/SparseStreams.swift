/// The weights of a sparse product that are not zero, in the order in which its kernel walks them:
/// [block][chunk][panel][output][row], rows rising.
///
/// A weight is 32 bits: four int8 of neighbouring channels, or one float.
final class SparseStreams: Sendable {
  /// Stored weights.
  let count: Int

  private let counts: AlignedBytes
  private let indices: AlignedBytes
  private let weights: AlignedBytes
  /// For each [block][chunk][panel]: where its weights begin.
  private let starts: AlignedBytes
  private let plan: SparsePlan

  /// Streams of the weights that `fill` writes: it gets an output and room for one word for each row,
  /// all zero.
  init(_ plan: SparsePlan, _ fill: (_ output: Int, _ rows: UnsafeMutablePointer<UInt32>) -> Void) {
    self.plan = plan
    let rows = plan.rows
    let dense = AlignedBytes(rows, of: UInt32.self)
    let row = dense.pointer(UInt32.self)
    counts = AlignedBytes(plan.blocks * plan.chunks * plan.blockPanels * 16, of: UInt16.self)
    starts = AlignedBytes(plan.blocks * plan.chunks * plan.blockPanels + 1, of: Int.self)
    let counts = counts.pointer(UInt16.self)
    for output in 0..<plan.outputs {
      row.update(repeating: 0, count: rows)
      fill(output, row)
      for chunk in 0..<plan.chunks {
        let nonzero = plan.chunk(chunk).reduce(0) { $0 + (row[$1] == 0 ? 0 : 1) }
        counts[Self.place(plan, output, chunk)] = UInt16(truncatingIfNeeded: nonzero)
      }
    }
    let starts = starts.pointer(Int.self)
    for group in 0..<plan.blocks * plan.chunks * plan.blockPanels {
      starts[group + 1] = (0..<16).reduce(starts[group]) { $0 + Int(counts[group * 16 + $1]) }
    }
    count = starts[plan.blocks * plan.chunks * plan.blockPanels]
    // Room for the kernels' loads of four indices at once.
    indices = AlignedBytes(count, of: UInt16.self)
    weights = AlignedBytes(count, of: UInt32.self)
    let indices = indices.pointer(UInt16.self)
    let weights = weights.pointer(UInt32.self)
    for output in 0..<plan.outputs {
      row.update(repeating: 0, count: rows)
      fill(output, row)
      for chunk in 0..<plan.chunks {
        let place = Self.place(plan, output, chunk)
        var at = starts[place / 16]
        for earlier in place / 16 * 16..<place { at += Int(counts[earlier]) }
        let range = plan.chunk(chunk)
        for index in range where row[index] != 0 {
          indices[at] = UInt16(truncatingIfNeeded: index - range.lowerBound)
          weights[at] = row[index]
          at += 1
        }
      }
    }
  }

  private static func place(_ plan: SparsePlan, _ output: Int, _ chunk: Int) -> Int {
    let panel = output / 16
    let group =
      (panel / plan.blockPanels * plan.chunks + chunk) * plan.blockPanels
      + panel % plan.blockPanels
    return group * 16 + output % 16
  }

  /// The streams of `panel` in `chunk`: counts of its 16 outputs, indices within the chunk, weights.
  @inline(__always) func part<Weight>(
    panel: Int, chunk: Int, as type: Weight.Type
  ) -> (
    counts: UnsafePointer<UInt16>, indices: UnsafePointer<UInt16>, weights: UnsafePointer<Weight>
  )
  where Weight: BitwiseCopyable {
    let group =
      (panel / plan.blockPanels * plan.chunks + chunk) * plan.blockPanels
      + panel % plan.blockPanels
    let start = starts.pointer(Int.self)[group]
    return (
      UnsafePointer(counts.pointer(UInt16.self) + group * 16),
      UnsafePointer(indices.pointer(UInt16.self) + start),
      UnsafePointer(weights.pointer(Weight.self) + start)
    )
  }
}

extension SparseStreams {
  /// Streams of int8 weights [output][input][tap], four channels to a stored weight.
  convenience init(_ plan: SparsePlan, _ g: ConvolutionGeometry, quads weights: UnsafePointer<Int8>)
  {
    let (taps, channels) = (plan.taps, g.inputChannels)
    self.init(plan) { output, rows in
      let bytes = UnsafeMutableRawPointer(rows).assumingMemoryBound(to: Int8.self)
      let from = weights + output * channels * taps
      for tap in 0..<taps {
        let to = bytes + tap * plan.words * 4
        for channel in 0..<channels { to[channel] = from[channel * taps + tap] }
      }
    }
  }

  /// Streams of float weights [output][input][tap].
  convenience init(_ plan: SparsePlan, _ g: ConvolutionGeometry, weights: UnsafePointer<Float>) {
    let (taps, channels) = (plan.taps, g.inputChannels)
    self.init(plan) { output, rows in
      let from = weights + output * channels * taps
      for tap in 0..<taps {
        let to = rows + tap * plan.words
        for channel in 0..<channels {
          let weight = from[channel * taps + tap]
          to[channel] = weight == 0 ? 0 : weight.bitPattern
        }
      }
    }
  }
}
