import CKernels

/// Streams of indices and weights that grow panel by panel, and the choice of pairs of outputs.
///
/// What costs time beside the products are loads of pixels and ends of loops that the processor does
/// not foresee. So outputs with many rows in common are paired, all pairs of a panel treat the same
/// number of rows as common, and pairs are in the order of what is left. Where one output has fewer
/// weights than the other, or a pair fewer common rows, zeros fill up.
struct SparsePairing {
  private(set) var indices: [UInt16] = []
  private(set) var weights: [UInt32] = []

  /// Rows of each of 16 outputs that are not zero: bits, 64 to a word.
  private var masks: [UInt64] = []
  private var words = 0

  private struct Pair {
    var first: Int, second: Int
    /// Rows in common, and those that are treated so.
    var shared: Int, both = 0
    /// Rows of each output, filled up.
    var each = 0
  }

  /// Appends the weights of 16 outputs at `from`, `stride` words apart, with `rows` rows each; writes
  /// their 8 pairs to `to`.
  mutating func add(
    _ from: UnsafePointer<UInt32>, stride: Int, rows: Int,
    to: UnsafeMutablePointer<pare_sparse_pair>
  ) {
    words = (rows + 63) / 64
    masks = [UInt64](repeating: 0, count: 16 * words)
    for output in 0..<16 {
      for row in 0..<rows where from[output * stride + row] != 0 {
        masks[output * words + row / 64] |= 1 << UInt64(row % 64)
      }
    }
    for (place, pair) in matched().enumerated() {
      to[place] = pare_sparse_pair(
        first: UInt8(pair.first), second: UInt8(pair.second),
        both: UInt16(truncatingIfNeeded: pair.both / 2),
        each: UInt16(truncatingIfNeeded: pair.each / 2))
      append(pair, from, stride)
    }
  }

  private func count(_ output: Int) -> Int { shared(output, output) }

  private func shared(_ a: Int, _ b: Int) -> Int {
    var count = 0
    for word in 0..<words {
      count += (masks[a * words + word] & masks[b * words + word]).nonzeroBitCount
    }
    return count
  }

  /// The pairs of 16 outputs, in the order of what each has beside the common rows.
  private func matched() -> [Pair] {
    let counts = (0..<16).map(count)
    var rest = (0..<16).sorted { (counts[$1], $1) < (counts[$0], $0) }
    var pairs: [Pair] = []
    while let first = rest.popLast() {
      var best = (place: 0, shared: 0, score: Int.min)
      for (place, other) in rest.enumerated() {
        let common = shared(first, other)
        let score = 2 * common - abs(counts[first] - counts[other])
        if score > best.score { best = (place, common, score) }
      }
      pairs.append(
        Pair(first: first, second: rest.remove(at: best.place), shared: best.shared))
    }
    let both = pairs.map({ $0.shared }).sorted()[2] / 2 * 2
    for index in pairs.indices {
      pairs[index].both = both
      let pair = pairs[index]
      let most = max(counts[pair.first], counts[pair.second]) - min(pair.shared, both)
      pairs[index].each = (most + 1) / 2 * 2
    }
    return pairs.sorted { ($0.each, $0.first) < ($1.each, $1.first) }
  }

  private mutating func append(_ pair: Pair, _ from: UnsafePointer<UInt32>, _ stride: Int) {
    let (a, b) = (from + pair.first * stride, from + pair.second * stride)
    var left = (Array(masks[pair.first * words..<(pair.first + 1) * words]), [UInt64]())
    left.1 = Array(masks[pair.second * words..<(pair.second + 1) * words])
    var common = (0..<words).map { left.0[$0] & left.1[$0] }
    for _ in 0..<pair.both {
      let row = Self.takeFirst(&common)
      indices.append(UInt16(truncatingIfNeeded: row ?? 0))
      weights.append(row.map { a[$0] } ?? 0)
      weights.append(row.map { b[$0] } ?? 0)
      if let row {
        left.0[row / 64] &= ~(1 << UInt64(row % 64))
        left.1[row / 64] &= ~(1 << UInt64(row % 64))
      }
    }
    for _ in 0..<pair.each {
      let rows = (Self.takeFirst(&left.0), Self.takeFirst(&left.1))
      indices.append(UInt16(truncatingIfNeeded: rows.0 ?? 0))
      indices.append(UInt16(truncatingIfNeeded: rows.1 ?? 0))
      weights.append(rows.0.map { a[$0] } ?? 0)
      weights.append(rows.1.map { b[$0] } ?? 0)
    }
  }

  /// Clears the first bit that is set, and returns its position, or nil.
  private static func takeFirst(_ mask: inout [UInt64]) -> Int? {
    for word in mask.indices where mask[word] != 0 {
      let bit = mask[word].trailingZeroBitCount
      mask[word] &= mask[word] - 1
      return word * 64 + bit
    }
    return nil
  }
}
