import Interpreter
import Kernels
import ModelFormat
import Train

/// The order of input channels in which a pattern of zeros costs least.
///
/// A pattern acts on neighbours: two of four, or blocks of four. Which channels are neighbours is free, so they
/// are brought together to suit it (Pool and Yu, "Channel Permutations for N:M Sparsity", 2021): groups are
/// paired at random, and the two of each pair exchange the members that gain most, again and again.
struct ChannelOrder {
  /// What each weight counts, [channels][rows].
  let scores: [Float]
  let channels: Int
  let pool: ThreadPool

  private var rows: Int { scores.count / max(1, channels) }

  /// Sums that go side by side.
  private static let lanes = 16
  /// Rounds of pairings, and exchanges in each of them.
  private static let rounds = 200, exchanges = 3

  /// The order for `pattern`: the numbers of the channels in the places that they get; nil where channels do
  /// not form groups, or their order does not matter.
  func order(for pattern: ConversionOptions.Pruning, seed: UInt64) -> [Int]? {
    switch pattern {
    case .unstructured: return nil
    case .pattern(let keep, let of):
      guard channels % of == 0, channels > of, keep < of else { return nil }
      return search(of, seed) { members in
        loss(members, zeros: of - keep)
      }
    case .block:
      let size = WeightGroups.blockSize
      guard channels % size == 0, channels > size else { return nil }
      let likeness = likeness
      return search(size, seed) { members in
        // What is in one block should be large and small together.
        var sum: Float = 0
        for a in members { for b in members where b != a { sum -= likeness[a * channels + b] } }
        return sum
      }
    }
  }

  /// Exchanges members of groups of `size` as long as what `cost` tells of two groups falls.
  private func search(
    _ size: Int, _ seed: UInt64, _ cost: ([Int]) -> Float
  ) -> [Int] {
    var random = RandomStream(seed: seed &+ 0x0C4A)
    var order = Array(0..<channels)
    var groups = Array(0..<channels / size)
    for _ in 0..<Self.rounds {
      random.shuffle(&groups)
      let pairs = groups.count / 2
      order.withUnsafeMutableBufferPointer { order in
        groups.withUnsafeBufferPointer { groups in
          nonisolated(unsafe) let (order, groups) = (order, groups)
          pool.share(pairs) { _, range in
            for pair in range {
              exchange(order, groups[2 * pair] * size, groups[2 * pair + 1] * size, size, cost)
            }
          }
        }
      }
    }
    return order
  }

  /// Exchanges the members of two groups, which begin at `a` and `b`, that gain most.
  private func exchange(
    _ order: UnsafeMutableBufferPointer<Int>, _ a: Int, _ b: Int, _ size: Int,
    _ cost: ([Int]) -> Float
  ) {
    var first = Array(order[a..<a + size])
    var second = Array(order[b..<b + size])
    var now = cost(first) + cost(second)
    for _ in 0..<Self.exchanges {
      var best: (cost: Float, i: Int, j: Int)?
      for i in 0..<size {
        for j in 0..<size {
          swap(&first[i], &second[j])
          let found = cost(first) + cost(second)
          swap(&first[i], &second[j])
          // Differences in the last bits would go round in circles.
          if found < (best?.cost ?? now) - 1e-6 * abs(now) { best = (found, i, j) }
        }
      }
      guard let best else { break }
      swap(&first[best.i], &second[best.j])
      now = best.cost
    }
    for index in 0..<size {
      order[a + index] = first[index]
      order[b + index] = second[index]
    }
  }

  /// The sum, over all rows, of the `zeros` smallest scores of a group.
  private func loss(_ members: [Int], zeros: Int) -> Float {
    scores.withUnsafeBufferPointer { scores in
      guard let base = scores.baseAddress else { return 0 }
      let columns = members.map { base + $0 * rows }
      if members.count == 4, zeros == 2 { return Self.pairs(columns, rows) }
      var sum: Float = 0
      var row = [Float](repeating: 0, count: members.count)
      for index in 0..<rows {
        for (member, column) in columns.enumerated() { row[member] = column[index] }
        row.sort()
        sum += row[..<zeros].reduce(0, +)
      }
      return sum
    }
  }

  /// The sum of the two smallest of four columns.
  private static func pairs(_ columns: [UnsafePointer<Float>], _ rows: Int) -> Float {
    let (a, b, c, d) = (columns[0], columns[1], columns[2], columns[3])
    @inline(__always) func least(_ row: Int) -> Float {
      let (low, high) = a[row] < b[row] ? (a[row], b[row]) : (b[row], a[row])
      let (less, more) = c[row] < d[row] ? (c[row], d[row]) : (d[row], c[row])
      let (first, second) = low < less ? (low, less) : (less, low)
      let third = high < more ? high : more
      return first + (second < third ? second : third)
    }
    // Sums side by side, which the compiler puts into the lanes of vectors.
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: lanes) { sums in
      sums.initialize(repeating: 0)
      guard let sums = sums.baseAddress else { return 0 }
      let whole = rows / lanes * lanes
      for at in stride(from: 0, to: whole, by: lanes) {
        for lane in 0..<lanes { sums[lane] += least(at + lane) }
      }
      var sum: Float = 0
      for lane in 0..<lanes { sum += sums[lane] }
      for row in whole..<rows { sum += least(row) }
      return sum
    }
  }

  /// How much channels are large in the same rows: products of the roots of their scores.
  private var likeness: [Float] {
    let roots = scores.map { $0.squareRoot() }
    var result = [Float](repeating: 0, count: channels * channels)
    roots.withUnsafeBufferPointer { roots in
      result.withUnsafeMutableBufferPointer { result in
        guard let a = roots.baseAddress, let c = result.baseAddress else { return }
        FloatProduct(pool).multiply(
          m: channels, n: channels, k: rows, .init(start: a, leading: rows),
          .init(start: a, leading: rows, isTransposed: true), to: c, leading: channels)
      }
    }
    return result
  }
}
