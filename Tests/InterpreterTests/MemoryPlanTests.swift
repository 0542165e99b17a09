import TestSupport
import Testing

@testable import Interpreter

@Suite struct MemoryPlanTests {
  /// Buffers with random sizes and lifetimes.
  static func buffers(seed: UInt64) -> [MemoryPlan.Buffer] {
    var random = SeededGenerator(seed: seed)
    let steps = Int.random(in: 1...40, using: &random)
    return (0..<Int.random(in: 1...60, using: &random)).map { _ in
      let first = Int.random(in: 0..<steps, using: &random)
      let length = Int.random(in: 0...6, using: &random)
      let isEmpty = Int.random(in: 0..<10, using: &random) == 0
      return MemoryPlan.Buffer(
        size: isEmpty ? 0 : Int.random(in: 1...5000, using: &random), first: first,
        last: min(steps, first + length * length))
    }
  }

  @Test(arguments: UInt64(1)...200, 1...3)
  func neverOverlapsBuffersThatLiveAtOnce(seed: UInt64, threads: Int) {
    let buffers = Self.buffers(seed: seed)
    let plan = MemoryPlan(buffers, threads: threads)
    for (a, first) in buffers.enumerated() where first.size > 0 {
      #expect(plan.offsets[a] >= 0 && plan.offsets[a] % 64 == 0)
      #expect(plan.offsets[a] + first.size <= plan.arenaSize)
      for (b, second) in buffers.enumerated().dropFirst(a + 1) where second.size > 0 {
        guard first.first <= second.last, second.first <= first.last else { continue }
        let areApart =
          plan.offsets[a] + first.size <= plan.offsets[b]
          || plan.offsets[b] + second.size <= plan.offsets[a]
        #expect(areApart, "buffers \(a) and \(b) of seed \(seed)")
      }
    }
  }

  @Test(arguments: UInt64(1)...200)
  func neverTakesLessThanWhatLivesAtOnceNorMoreThanAllTogether(seed: UInt64) {
    let buffers = Self.buffers(seed: seed)
    let plan = MemoryPlan(buffers)
    let live = MemoryPlan.liveBytes(buffers, steps: 41)
    #expect(plan.arenaSize >= live.max() ?? 0)
    #expect(plan.arenaSize <= buffers.reduce(0) { $0 + ($1.size + 63) & ~63 })
  }

  @Test(arguments: UInt64(1)...200)
  func threadsTakeAQuarterMoreAtMost(seed: UInt64) {
    let buffers = Self.buffers(seed: seed)
    let least = MemoryPlan(buffers).arenaSize
    #expect(MemoryPlan(buffers, threads: 2).arenaSize <= least + least / 4)
  }

  @Test func threadsKeepTheirHalvesOfWhatSharesMemory() {
    // Large and small by turns, and scratch memory that lives for a step.
    let sizes = [6400, 3200, 1600, 3200, 640, 1280]
    let buffers =
      sizes.enumerated().map { MemoryPlan.Buffer(size: $1, first: $0, last: $0 + 1) }
      + sizes.indices.map { MemoryPlan.Buffer(size: 256 + 128 * $0, first: $0, last: $0) }
    func passing(_ plan: MemoryPlan) -> Int {
      func half(_ index: Int, _ byte: Int) -> Bool? {
        let at = byte - plan.offsets[index]
        return at < 0 || at >= buffers[index].size ? nil : at * 2 >= buffers[index].size
      }
      var bytes = 0
      for a in buffers.indices {
        for b in 0..<a {
          for byte in stride(from: 0, to: plan.arenaSize, by: 64) {
            if let first = half(a, byte), let second = half(b, byte), first != second {
              bytes += 64
            }
          }
        }
      }
      return bytes
    }
    #expect(passing(MemoryPlan(buffers, threads: 2)) * 2 < passing(MemoryPlan(buffers)))
  }

  @Test func aChainTakesTwoBuffers() {
    let chain = (0..<10).map { MemoryPlan.Buffer(size: 640, first: $0, last: $0 + 1) }
    #expect(MemoryPlan(chain).arenaSize == 1280)
  }

  @Test func aChainOfUnequalBuffersTakesItsWidestPair() {
    let sizes = [64, 1024, 256, 2048, 512, 1024, 64]
    let chain = sizes.enumerated().map { index, size in
      MemoryPlan.Buffer(size: size, first: index, last: index + 1)
    }
    #expect(MemoryPlan(chain).arenaSize == 2560)
  }

  @Test func aShortcutTakesOneBufferMore() {
    let shortcut = MemoryPlan.Buffer(size: 640, first: 0, last: 5)
    let chain = (0..<5).map { MemoryPlan.Buffer(size: 640, first: $0, last: $0 + 1) }
    #expect(MemoryPlan([shortcut] + chain).arenaSize == 1920)
  }

  @Test func aGapIsFilled() {
    // The third fits between the first and the second, which do not live at once with each other.
    let buffers = [
      MemoryPlan.Buffer(size: 1024, first: 0, last: 3),
      MemoryPlan.Buffer(size: 512, first: 0, last: 1),
      MemoryPlan.Buffer(size: 512, first: 2, last: 3),
    ]
    #expect(MemoryPlan(buffers).arenaSize == 1536)
  }

  @Test func sizesAreRoundedToWholeCacheLines() {
    let buffers = (0..<3).map { _ in MemoryPlan.Buffer(size: 1, first: 0, last: 0) }
    let plan = MemoryPlan(buffers)
    #expect(Set(plan.offsets) == [0, 64, 128] && plan.arenaSize == 192)
  }

  @Test func nothingTakesNothing() {
    #expect(MemoryPlan([]).arenaSize == 0)
    #expect(MemoryPlan([.init(size: 0, first: 0, last: 9)]).arenaSize == 0)
  }
}
