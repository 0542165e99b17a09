/// Places buffers with known lifetimes in one arena, so that those that live at once do not overlap.
///
/// The largest buffer is placed first, each at the lowest offset where it fits (greedy by size, as in
/// Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
struct MemoryPlan {
  /// A buffer that is needed from step `first` to step `last`, both included.
  struct Buffer {
    let size: Int
    let first: Int
    var last: Int
  }

  /// The offset of each buffer, a multiple of 64.
  let offsets: [Int]
  /// The bytes of the arena.
  let arenaSize: Int

  init(_ buffers: [Buffer]) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []
    var arena = 0
    let order = buffers.indices.sorted {
      (buffers[$1].size, $0) < (buffers[$0].size, $1)
    }
    for index in order {
      let buffer = buffers[index]
      guard buffer.size > 0 else { continue }
      let size = (buffer.size + 63) & ~63
      var offset = 0
      // `placed` is in order of offsets: take the first gap that is wide enough.
      for other in placed
      where buffers[other].first <= buffer.last && buffer.first <= buffers[other].last {
        if offset + size <= offsets[other] { break }
        offset = max(offset, offsets[other] + (buffers[other].size + 63) & ~63)
      }
      offsets[index] = offset
      arena = max(arena, offset + size)
      let position = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(index, at: position)
    }
    self.offsets = offsets
    arenaSize = arena
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
