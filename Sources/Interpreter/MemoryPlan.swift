/// Places buffers with known lifetimes in one arena, so that those that live at once do not overlap.
///
/// The largest buffer is placed first, each at the lowest offset where it fits (greedy by size, as in
/// Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
package struct MemoryPlan {
  /// A buffer that is needed from step `first` to step `last`, both included.
  package struct Buffer {
    /// The bytes.
    package let size: Int
    /// The steps between which it is needed.
    package var first: Int, last: Int

    /// A buffer of `size` bytes.
    package init(size: Int, first: Int, last: Int) {
      self.size = size
      self.first = first
      self.last = last
    }
  }

  /// The offset of each buffer, a multiple of 64.
  package let offsets: [Int]
  /// The bytes of the arena.
  package let arenaSize: Int

  /// Places `buffers`; with several threads so that bytes stay with the thread that has them in its cache.
  ///
  /// Thread t of n works on about the tth nth of each buffer. Where buffers that do not live at once share
  /// memory, one whose middle lies on that of the other leaves both halves to the same thread: to write
  /// what another processor has in its cache takes several times as long. A buffer may lie a little higher
  /// for that, by a quarter of the arena.
  package init(_ buffers: [Buffer], threads: Int = 1) {
    var order = buffers.indices.filter { buffers[$0].size > 0 }
    order.sort { (buffers[$1].size, $0) < (buffers[$0].size, $1) }
    var lowest = Placement(buffers)
    for index in order { lowest.add(index, at: lowest.lowestOffset(of: index)) }
    if threads > 1 {
      let limit = lowest.end + lowest.end / 4
      var centred = Placement(buffers)
      for index in order {
        centred.add(index, at: centred.calmestOffset(of: index, limit: limit))
      }
      if centred.end <= limit { lowest = centred }
    }
    offsets = lowest.offsets
    arenaSize = lowest.end
  }

  /// Buffers of which some have an offset.
  private struct Placement {
    let buffers: [Buffer]
    var offsets: [Int]
    /// The end of the last.
    var end = 0
    /// Those that have one, in order of it.
    private var placed: [Int] = []
    /// Where middles of buffers lie; a few are enough, for buffers share them.
    private var middles: [Int] = []
    private static let mostMiddles = 8

    init(_ buffers: [Buffer]) {
      self.buffers = buffers
      offsets = Array(repeating: 0, count: buffers.count)
    }

    private func size(_ index: Int) -> Int { (buffers[index].size + 63) & ~63 }

    private func areAliveAtOnce(_ a: Int, _ b: Int) -> Bool {
      buffers[a].first <= buffers[b].last && buffers[b].first <= buffers[a].last
    }

    mutating func add(_ index: Int, at offset: Int) {
      offsets[index] = offset
      end = max(end, offset + size(index))
      let position = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(index, at: position)
      let middle = offset + size(index) / 2
      if middles.count < Self.mostMiddles, !middles.contains(middle) { middles.append(middle) }
    }

    /// The lowest offset where a buffer overlaps none that lives at the same time.
    func lowestOffset(of index: Int) -> Int {
      let size = size(index)
      var offset = 0
      // `placed` is in order of offsets: take the first gap that is wide enough.
      for other in placed where areAliveAtOnce(other, index) {
        if offset + size <= offsets[other] { break }
        offset = max(offset, offsets[other] + self.size(other))
      }
      return offset
    }

    /// The offset, below `limit`, where the fewest bytes would pass from one half of a buffer to another
    /// half: the lowest, or one whose middle is that of another buffer.
    func calmestOffset(of index: Int, limit: Int) -> Int {
      var best = lowestOffset(of: index)
      var least = passing(index, at: best, limit: limit)
      for middle in middles {
        let offset = (middle - size(index) / 2) & ~63
        guard let bytes = passing(index, at: offset, limit: limit) else { continue }
        if bytes < least ?? .max || (bytes == least && offset < best) {
          (best, least) = (offset, bytes)
        }
      }
      return best
    }

    /// The bytes of a buffer at `offset` that lie in the other half of buffers placed before, summed over
    /// them, or nil where it cannot lie there.
    private func passing(_ index: Int, at offset: Int, limit: Int) -> Int? {
      let size = size(index)
      guard offset >= 0, offset + size <= limit else { return nil }
      var bytes = 0
      let middle = offset + size / 2
      for other in placed where offsets[other] < offset + size {
        let (start, length) = (offsets[other], self.size(other))
        guard offset < start + length else { continue }
        if areAliveAtOnce(other, index) { return nil }
        let otherMiddle = start + length / 2
        let (low, high) = (min(middle, otherMiddle), max(middle, otherMiddle))
        bytes += max(0, min(high, offset + size, start + length) - max(low, offset, start))
      }
      return bytes
    }
  }

  /// Bytes that are alive during each of `steps` steps.
  static func liveBytes(_ buffers: [Buffer], steps: Int) -> [Int] {
    // What begins and ends at each step; the sums of that are what is alive.
    var changes = [Int](repeating: 0, count: steps + 1)
    for buffer in buffers where buffer.first <= buffer.last && buffer.first < steps {
      changes[buffer.first] += buffer.size
      changes[min(buffer.last + 1, steps)] -= buffer.size
    }
    var alive = 0
    return changes.dropLast().map { change in
      alive += change
      return alive
    }
  }
}
