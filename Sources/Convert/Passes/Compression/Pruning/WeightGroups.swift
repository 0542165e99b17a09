import Kernels
import ModelFormat

/// The groups of weights that are pruned together: single weights, or neighbours along the input
/// channels of one output channel and one position of the kernel.
///
/// Blocks of layers with enough input channels are *balanced*, so that integer kernels with outputs in
/// the lanes of a vector skip them: among 16 output channels, at one position of the kernel and within a
/// segment of at most 16 blocks along the inputs (`BlockSegments`), each output keeps as many blocks.
/// They are ranked within their output there, and those of one rank go or stay together, by the mean of
/// their squared norms: N:M sparsity of blocks (Mishra et al., "Accelerating Sparse Deep Neural
/// Networks", 2021), with an N for each segment.
struct WeightGroups {
  /// Weights in a block.
  static let blockSize = 4

  /// Weights in a group.
  let size: Int
  private let rows: Int
  private let channels: Int
  private let positions: Int
  /// How balanced blocks are cut; nil where groups are ranked one by one.
  private let segments: BlockSegments?

  /// The groups of a tensor [outputs, inputs, kernel…]; nil where its inputs cannot be grouped.
  init?(_ specification: ConversionOptions.Pruning, _ shape: Shape) {
    rows = shape[0]
    channels = shape[1]
    positions = shape.dimensions[2...].reduce(1, *)
    switch specification {
    case .unstructured: size = 1
    case .block: size = Self.blockSize
    case .pattern(_, let of): size = of
    }
    if size > 1, channels % size != 0 { return nil }
    if case .block = specification, channels / size >= BlockSegments.fewestQuads {
      segments = BlockSegments(quads: channels / size)
    } else {
      segments = nil
    }
  }

  /// Groups in all.
  var count: Int { rows * (channels / size) * positions }

  /// Calls `body` with the index of the first weight of each group, and a key by which groups go: the
  /// bit pattern of a number that is not negative, which sorts as the number does.
  func forEachKey(_ elements: [Float], _ body: (_ first: Int, _ key: UInt32) -> Void) {
    guard let segments else {
      return forEach { body($0, norm($0, elements).bitPattern) }
    }
    let keys = balancedKeys(elements, segments)
    var place = 0
    forEach { first in
      body(first, keys[place])
      place += 1
    }
  }

  /// The keys of balanced blocks, in the order of `forEach`.
  private func balancedKeys(_ elements: [Float], _ segments: BlockSegments) -> [UInt32] {
    var keys = [UInt32](repeating: 0, count: rows * segments.quads * positions)
    for top in stride(from: 0, to: rows, by: BlockSegments.outputs) {
      let outputs = top..<min(rows, top + BlockSegments.outputs)
      for segment in 0..<segments.count {
        for position in 0..<positions {
          // Blocks of each output, the largest first.
          let ranked = outputs.map { row in
            segments.range(segment).map { quad in
              let norm = norm((row * channels + quad * size) * positions + position, elements)
              return (place: (row * segments.quads + quad) * positions + position, norm: norm)
            }.sorted { ($1.norm, $0.place) < ($0.norm, $1.place) }
          }
          for rank in 0..<segments.range(segment).count {
            let mean = ranked.reduce(Float(0)) { $0 + $1[rank].norm } / Float(outputs.count)
            for row in ranked { keys[row[rank].place] = mean.bitPattern }
          }
        }
      }
    }
    return keys
  }

  /// Calls `body` with the index of the first weight of each group; others follow `positions` apart.
  func forEach(_ body: (Int) -> Void) {
    for row in 0..<rows {
      for channel in stride(from: 0, to: channels, by: size) {
        let first = (row * channels + channel) * positions
        for position in 0..<positions { body(first + position) }
      }
    }
  }

  /// The squared Euclidean norm of a group; the square of one weight where groups are single.
  private func norm(_ first: Int, _ elements: [Float]) -> Float {
    if size == 1 { return abs(elements[first]) }
    var sum: Float = 0
    for member in 0..<size {
      let weight = elements[first + member * positions]
      sum += weight * weight
    }
    return sum
  }

  /// Sets a group to zero.
  func zero(_ first: Int, _ elements: inout [Float]) {
    for member in 0..<size { elements[first + member * positions] = 0 }
  }

  /// Sets all but the `keep` largest weights of each group to zero.
  func keepLargest(_ keep: Int, _ elements: inout [Float]) {
    var pruned = elements
    forEach { first in
      let members = (0..<size).map { first + $0 * positions }
      let ranked = members.sorted { (abs(elements[$1]), $0) < (abs(elements[$0]), $1) }
      for member in ranked.dropFirst(keep) { pruned[member] = 0 }
    }
    elements = pruned
  }

  /// Sets the `count` groups with the smallest keys to zero; of equals the first ones.
  func zeroSmallest(_ count: Int, _ elements: inout [Float]) {
    guard count > 0 else { return }
    let limit = KeyLimit(rank: count) { body in forEachKey(elements) { body($1) } }
    var ties = count - limit.before
    var pruned = elements
    forEachKey(elements) { group, key in
      if key > limit.key { return }
      if key == limit.key {
        guard ties > 0 else { return }
        ties -= 1
      }
      zero(group, &pruned)
    }
    elements = pruned
  }
}

/// The key at which a rank is reached among many, found by counting upper and then lower halves.
struct KeyLimit {
  /// The key of that rank, and how many are below it.
  let key: UInt32, before: Int

  /// The limit at `rank`, from one on, of the keys that `forEachKey` hands out, the same each time.
  init(rank: Int, _ forEachKey: ((UInt32) -> Void) -> Void) {
    /// The half at which a rank is reached, and how many come before it; of keys with the upper half `upper`
    /// the lower half.
    func bucket(_ rank: Int, upper: UInt32?) -> (part: Int, before: Int) {
      var counts = [Int](repeating: 0, count: 1 << 16)
      forEachKey { key in
        if let upper {
          if key >> 16 == upper { counts[Int(key & 0xFFFF)] += 1 }
        } else {
          counts[Int(key >> 16)] += 1
        }
      }
      var before = 0
      for (part, number) in counts.enumerated() {
        if before + number >= rank { return (part, before) }
        before += number
      }
      return (counts.count - 1, before)
    }
    let high = bucket(rank, upper: nil)
    let low = bucket(rank - high.before, upper: UInt32(high.part))
    key = UInt32(high.part) << 16 | UInt32(low.part)
    before = high.before + low.before
  }
}
