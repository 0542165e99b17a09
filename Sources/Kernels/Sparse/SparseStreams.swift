import CKernels

/// The weights of a sparse product that are not zero, in the order in which its kernel walks them:
/// [block][chunk][panel][pair of outputs][row], rows rising.
///
/// A weight is 32 bits: four int8 of neighbouring channels, or one float. The 16 outputs of a panel are
/// paired, chunk by chunk, so that many weights of a pair lie in the same rows. Runs of weights are
/// filled up with zeros to an even number.
final class SparseStreams: Sendable {
  private let pairs: AlignedBytes
  private let indices: AlignedBytes
  private let weights: AlignedBytes
  /// For each [block][chunk][panel]: where its indices and its weights begin.
  private let starts: AlignedBytes
  private let plan: SparsePlan

  /// Weights that a run multiplies, zeros that fill up runs among them.
  var count: Int { weights.count / 4 }
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
    let panel = AlignedBytes(16 * rows, of: UInt32.self)
    let words = panel.pointer(UInt32.self)
    var runs = [[SparseRuns]](repeating: [], count: groups)
    for index in 0..<plan.panels {
      words.update(repeating: 0, count: 16 * rows)
      for output in index * 16..<min(plan.outputs, index * 16 + 16) {
        fill(output, words + (output - index * 16) * rows)
      }
      for chunk in 0..<plan.chunks {
        runs[Self.group(plan, panel: index, chunk: chunk)] = SparseRuns.paired(
          words + plan.chunk(chunk).lowerBound, stride: rows, rows: plan.chunk(chunk).count)
      }
    }
    var (indexCount, weightCount) = (0, 0)
    for group in runs.indices {
      starts.pointer(Int.self)[2 * group] = indexCount
      starts.pointer(Int.self)[2 * group + 1] = weightCount
      for run in runs[group] {
        indexCount += run.indices.count
        weightCount += run.weights.count
      }
    }
    indices = AlignedBytes(indexCount, of: UInt16.self)
    weights = AlignedBytes(weightCount, of: UInt32.self)
    var (index, weight) = (indices.pointer(UInt16.self), weights.pointer(UInt32.self))
    for (group, list) in runs.enumerated() {
      for (place, run) in list.enumerated() {
        pairs.pointer(pare_sparse_pair.self)[group * 8 + place] = run.pair
        for number in run.indices {
          index.pointee = number
          index += 1
        }
        for word in run.weights {
          weight.pointee = word
          weight += 1
        }
      }
    }
  }

  private static func group(_ plan: SparsePlan, panel: Int, chunk: Int) -> Int {
    (panel / plan.blockPanels * plan.chunks + chunk) * plan.blockPanels + panel % plan.blockPanels
  }

  /// The streams of `panel` in `chunk`: 8 pairs, their indices within the chunk, their weights.
  @inline(__always) func part<Weight: BitwiseCopyable>(
    panel: Int, chunk: Int, as type: Weight.Type
  ) -> Part<Weight> {
    let group = Self.group(plan, panel: panel, chunk: chunk)
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

/// The weights of two outputs in one chunk, as streams.
private struct SparseRuns {
  var pair: pare_sparse_pair
  var indices: [UInt16] = []
  var weights: [UInt32] = []

  /// The runs of two of 16 outputs, whose words lie at `a` and `b`.
  init(
    _ first: Int, _ second: Int, _ a: UnsafePointer<UInt32>, _ b: UnsafePointer<UInt32>, _ rows: Int
  ) {
    pair = pare_sparse_pair(
      first: UInt8(first), second: UInt8(second), both: 0, only_first: 0, only_second: 0)
    for row in 0..<rows where a[row] != 0 && b[row] != 0 {
      indices.append(UInt16(truncatingIfNeeded: row))
      weights += [a[row], b[row]]
    }
    pair.both = closeRun(from: 0, weightsEach: 2)
    var start = indices.count
    for row in 0..<rows where a[row] != 0 && b[row] == 0 {
      indices.append(UInt16(truncatingIfNeeded: row))
      weights.append(a[row])
    }
    pair.only_first = closeRun(from: start, weightsEach: 1)
    start = indices.count
    for row in 0..<rows where a[row] == 0 && b[row] != 0 {
      indices.append(UInt16(truncatingIfNeeded: row))
      weights.append(b[row])
    }
    pair.only_second = closeRun(from: start, weightsEach: 1)
  }

  /// Fills the run that began at `start` up to an even number, and returns it in twos.
  private mutating func closeRun(from start: Int, weightsEach: Int) -> UInt16 {
    if (indices.count - start) % 2 != 0 {
      indices.append(0)
      for _ in 0..<weightsEach { weights.append(0) }
    }
    return UInt16(truncatingIfNeeded: (indices.count - start) / 2)
  }

  /// The runs of 16 outputs, each paired with that one of the rest with which it shares most rows.
  static func paired(
    _ words: UnsafePointer<UInt32>, stride: Int, rows: Int
  ) -> [SparseRuns] {
    let masks = (0..<16).map { output in
      var mask = [UInt64](repeating: 0, count: (rows + 63) / 64)
      for row in 0..<rows where words[output * stride + row] != 0 {
        mask[row / 64] |= 1 << UInt64(row % 64)
      }
      return mask
    }
    func shared(_ a: Int, _ b: Int) -> Int {
      var count = 0
      for word in masks[a].indices { count += (masks[a][word] & masks[b][word]).nonzeroBitCount }
      return count
    }
    var rest = Array(0..<16)
    var runs: [SparseRuns] = []
    while let first = rest.popLast() {
      var best = (place: 0, shared: -1)
      for (place, other) in rest.enumerated() {
        let count = shared(first, other)
        if count > best.shared { best = (place, count) }
      }
      let second = rest.remove(at: best.place)
      runs.append(
        SparseRuns(first, second, words + first * stride, words + second * stride, rows))
    }
    return runs
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
