import CKernels

/// The weights of a sparse product that are not zero, in the order in which its kernel walks them:
/// [block][chunk][panel][pair of outputs].
///
/// A weight is 32 bits: four int8 of neighbouring channels, or one float. `SparsePairing` says how the 16
/// outputs of a panel go together in a chunk.
final class SparseStreams: Sendable {
  private let pairs: AlignedBytes
  private let indices: AlignedBytes
  private let weights: AlignedBytes
  /// For each [block][chunk][panel]: where its indices and its weights begin.
  private let starts: AlignedBytes
  private let plan: SparsePlan

  /// Weights that are not zero; the streams have some zeros more, which fill up runs.
  let stored: Int
  /// Bytes that a run reads.
  var byteCount: Int { pairs.count + indices.count + weights.count }

  /// Streams of the weights that `fill` writes: it gets an output and room for one word for each row,
  /// all zero.
  init(_ plan: SparsePlan, _ fill: (_ output: Int, _ rows: UnsafeMutablePointer<UInt32>) -> Void) {
    self.plan = plan
    let rows = plan.rows
    let groups = plan.blocks * plan.chunks * plan.blockPanels
    pairs = AlignedBytes(groups * 8, of: pare_sparse_pair.self)
    starts = AlignedBytes(groups * 2, of: Int.self)
    let block = AlignedBytes(plan.blockPanels * 16 * rows, of: UInt32.self)
    let words = block.pointer(UInt32.self)
    var streams = SparsePairing(rows: plan.chunkRows)
    var group = 0
    for index in 0..<plan.blocks {
      words.update(repeating: 0, count: plan.blockPanels * 16 * rows)
      let first = index * plan.blockPanels * 16
      for output in first..<min(plan.outputs, first + plan.blockPanels * 16) {
        fill(output, words + (output - first) * rows)
      }
      for chunk in 0..<plan.chunks {
        for panel in 0..<plan.blockPanels {
          starts.pointer(Int.self)[2 * group] = streams.indices.count
          starts.pointer(Int.self)[2 * group + 1] = streams.weights.count
          let range = plan.chunk(chunk)
          streams.add(
            words + panel * 16 * rows + range.lowerBound, stride: rows, rows: range.count,
            to: pairs.pointer(pare_sparse_pair.self) + group * 8)
          group += 1
        }
      }
    }
    indices = streams.indices.aligned()
    weights = streams.weights.aligned()
    stored = streams.stored
  }

  /// The streams of `panel` in `chunk`: 8 pairs, their indices within the chunk, their weights.
  @inline(__always) func part<Weight: BitwiseCopyable>(
    panel: Int, chunk: Int, as type: Weight.Type
  ) -> Part<Weight> {
    let group =
      (panel / plan.blockPanels * plan.chunks + chunk) * plan.blockPanels
      + panel % plan.blockPanels
    let start = starts.pointer(Int.self) + 2 * group
    return Part(
      pairs: pairs.pointer(pare_sparse_pair.self) + group * 8,
      indices: indices.pointer(UInt16.self) + start[0],
      weights: weights.pointer(Weight.self) + start[1])
  }

  /// What a kernel takes of the streams at once.
  struct Part<Weight: BitwiseCopyable> {
    let pairs: UnsafePointer<pare_sparse_pair>
    let indices: UnsafePointer<UInt16>
    let weights: UnsafePointer<Weight>
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
      if taps == 1 { return bytes.update(from: from, count: channels) }
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
