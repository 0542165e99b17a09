import CKernels

/// Streams of indices and weights that grow panel by panel, and the choice of pairs of outputs.
///
/// What costs time beside the products are loads of pixels and ends of loops that the processor does
/// not foresee. So outputs with many rows in common are paired, all pairs of a panel treat the same
/// number of rows as common, and pairs are in the order of what is left. Where one output has fewer
/// weights than the other, or a pair fewer common rows, zeros fill up.
struct SparsePairing {
  let indices = GrowingBytes<UInt16>()
  let weights = GrowingBytes<UInt32>()

  /// Rows of each of 16 outputs that are not zero, and room for those of a pair: bits, 64 to a word.
  private let masks: AlignedBytes
  private var words = 0
  /// Weights that are not zero, of all panels.
  private(set) var stored = 0

  private struct Pair {
    var first: Int, second: Int
    /// Rows in common, and those that are treated so.
    var shared: Int, both = 0
    /// Rows of each output, filled up.
    var each = 0
  }

  /// Empty streams, for chunks of at most `rows` rows.
  init(rows: Int) { masks = AlignedBytes(18 * ((rows + 63) / 64), of: UInt64.self) }

  /// Appends the weights of 16 outputs at `from`, `stride` words apart, with `rows` rows each; writes
  /// their 8 pairs to `to`.
  mutating func add(
    _ from: UnsafePointer<UInt32>, stride: Int, rows: Int,
    to: UnsafeMutablePointer<pare_sparse_pair>
  ) {
    words = (rows + 63) / 64
    let masks = masks.pointer(UInt64.self)
    for output in 0..<16 {
      let row = from + output * stride
      for word in 0..<words {
        let mask = mask(of: row + word * 64, count: min(64, rows - word * 64))
        masks[output * words + word] = mask
        stored += mask.nonzeroBitCount
      }
    }
    for (place, pair) in matched().enumerated() {
      to[place] = pare_sparse_pair(
        first: UInt8(pair.first), second: UInt8(pair.second),
        both: UInt16(truncatingIfNeeded: pair.both / 2),
        each: UInt16(truncatingIfNeeded: pair.each / 2))
      append(pair, from + pair.first * stride, from + pair.second * stride)
    }
  }

  /// The bits of up to 64 weights that are not zero.
  private func mask(of weights: UnsafePointer<UInt32>, count: Int) -> UInt64 {
    var mask: UInt64 = 0
    var at = 0
    while at &+ 16 <= count {
      // The sign of x | -x is set where x is not zero: spread over the lane, it lets the lane's bit pass.
      let x = UnsafeRawPointer(weights + at).loadUnaligned(as: SIMD16<UInt32>.self)
      let signs = SIMD16<Int32>(truncatingIfNeeded: x | (SIMD16() &- x)) &>> 31
      let bits = SIMD16<UInt32>(truncatingIfNeeded: signs) & Self.laneBits
      mask |= UInt64(bits.wrappedSum()) << UInt64(at)
      at &+= 16
    }
    while at < count {
      if weights[at] != 0 { mask |= 1 << UInt64(at) }
      at &+= 1
    }
    return mask
  }

  private static let laneBits = SIMD16<UInt32>(
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)

  private func shared(_ a: Int, _ b: Int) -> Int {
    let masks = masks.pointer(UInt64.self)
    var count = 0
    for word in 0..<words {
      count += (masks[a * words + word] & masks[b * words + word]).nonzeroBitCount
    }
    return count
  }

  /// The pairs of 16 outputs, in the order of what each has beside the common rows.
  private func matched() -> [Pair] {
    let counts = (0..<16).map { shared($0, $0) }
    var rest = (0..<16).sorted { (counts[$1], $1) < (counts[$0], $0) }
    var pairs: [Pair] = []
    while let first = rest.popLast() {
      var best = (place: 0, shared: 0, score: Int.min)
      for (place, other) in rest.enumerated() {
        let common = shared(first, other)
        let score = common - 2 * abs(counts[first] - counts[other])
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

  /// Appends the streams of a pair, whose rows are `a` and `b`.
  private func append(_ pair: Pair, _ a: UnsafePointer<UInt32>, _ b: UnsafePointer<UInt32>) {
    let masks = masks.pointer(UInt64.self)
    let (restA, restB) = (masks + 16 * words, masks + 17 * words)
    restA.update(from: masks + pair.first * words, count: words)
    restB.update(from: masks + pair.second * words, count: words)
    var index = indices.room(for: pair.both + 2 * pair.each)
    var weight = weights.room(for: 2 * (pair.both + pair.each))
    var word = 0
    for _ in 0..<pair.both {
      while word < words, restA[word] & restB[word] == 0 { word += 1 }
      if word < words {
        let bit = (restA[word] & restB[word]).trailingZeroBitCount
        restA[word] &= ~(1 << UInt64(bit))
        restB[word] &= ~(1 << UInt64(bit))
        index[0] = UInt16(truncatingIfNeeded: word * 64 + bit)
        weight[0] = a[word * 64 + bit]
        weight[1] = b[word * 64 + bit]
      } else {
        index[0] = 0
        weight[0] = 0
        weight[1] = 0
      }
      index += 1
      weight += 2
    }
    // Rows of the two in turn, so each has every second place.
    for (rest, row, offset) in [(restA, a, 0), (restB, b, 1)] {
      var word = 0
      for place in 0..<pair.each {
        while word < words, rest[word] == 0 { word += 1 }
        if word < words {
          let at = word * 64 + rest[word].trailingZeroBitCount
          rest[word] &= rest[word] - 1
          index[2 * place + offset] = UInt16(truncatingIfNeeded: at)
          weight[2 * place + offset] = row[at]
        } else {
          index[2 * place + offset] = 0
          weight[2 * place + offset] = 0
        }
      }
    }
  }
}

/// Elements whose number is not known before, in memory that doubles.
final class GrowingBytes<Element: BitwiseCopyable> {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  init() {
    capacity = 1024
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  /// The memory of `more` further elements, which count from now on.
  func room(for more: Int) -> UnsafeMutablePointer<Element> {
    if count + more > capacity {
      capacity = max(capacity * 2, count + more)
      let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
      larger.update(from: base, count: count)
      base.deallocate()
      base = larger
    }
    defer { count += more }
    return base + count
  }

  /// A copy of the elements, aligned.
  func aligned() -> AlignedBytes {
    let copy = AlignedBytes(count, of: Element.self)
    copy.pointer(Element.self).update(from: base, count: count)
    return copy
  }
}
