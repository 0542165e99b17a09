import ModelFormat
import TestSupport
import Testing

@testable import Train

struct SparsityTests {
  /// Prunes one parameter and returns what is left.
  private func prune(
    _ scores: [Float], _ form: PruneGroups.Form, _ shape: Shape, zeros: Int,
    mask: WeightMask? = nil
  ) throws -> WeightMask {
    let groups = try #require(PruneGroups(form, shape))
    return scores.withUnsafeBufferPointer { scores in
      var candidates = [
        PruneChoice.Candidate(
          scores: scores, groups: groups, mask: mask ?? WeightMask(keepingAll: scores.count))
      ]
      let gone = PruneChoice.prune(&candidates, zeros: zeros)
      #expect(gone == candidates[0].mask.zeros)
      return candidates[0].mask
    }
  }

  @Test func singleWeightsMeetTheCountExactly() throws {
    var random = SeededGenerator(seed: 5)
    let shape: Shape = [8, 12, 3, 3]
    let scores = random.uniform(shape.count)
    var mask = WeightMask(keepingAll: shape.count)
    for zeros in [0, 1, 100, 431, shape.count] {
      let before = mask
      mask = try prune(scores, .single, shape, zeros: zeros, mask: mask)
      #expect(mask.zeros == zeros)
      // The least of all have gone, negative ones too.
      let order = scores.indices.sorted { scores[$0] < scores[$1] }
      #expect(order.prefix(zeros).allSatisfy { !mask[$0] })
      #expect(scores.indices.allSatisfy { before[$0] || !mask[$0] })
    }
    // Fewer than have gone changes nothing; equal scores go in order.
    #expect(try prune(scores, .single, shape, zeros: 5, mask: mask) == mask)
    #expect(
      try prune([1, 1, 1, 1], .single, [2, 2], zeros: 3).kept == [0, 0, 0, 1])
    #expect(
      try prune([.nan, 3, -.infinity, -0.0], .single, [2, 2], zeros: 2).kept == [1, 1, 0, 0])
  }

  @Test func blocksGoTogether() throws {
    var random = SeededGenerator(seed: 6)
    let shape: Shape = [6, 8, 2, 1]
    let scores = random.uniform(shape.count).map { $0 * $0 }
    let mask = try prune(scores, .block(4), shape, zeros: 50)
    // 48 are nearer to 50 than 52 are not: the first of equals is the smaller.
    #expect(mask.zeros == 48 || mask.zeros == 52)
    var sums: [(gone: Bool, sum: Float)] = []
    for row in 0..<6 {
      for block in 0..<2 {
        for position in 0..<2 {
          let members = (0..<4).map { (row * 8 + block * 4 + $0) * 2 + position }
          #expect(Set(members.map { mask[$0] }).count == 1)
          sums.append((!mask[members[0]], members.reduce(0) { $0 + scores[$1] }))
        }
      }
    }
    let most = sums.filter { $0.gone }.map { $0.sum }.max() ?? 0
    let least = sums.filter { !$0.gone }.map { $0.sum }.min() ?? 0
    #expect(most <= least)
    #expect(PruneGroups(.block(4), [6, 6, 1, 1]) == nil)
  }

  @Test func balancedBlocksLeaveEachOutputAsMany() throws {
    var random = SeededGenerator(seed: 7)
    let shape: Shape = [20, 72, 1, 2]
    let scores = random.uniform(shape.count).map { $0 * $0 }
    var mask: WeightMask?
    for zeros in [600, 1500, 2100] {
      let found = try prune(scores, .balancedBlock, shape, zeros: zeros, mask: mask)
      #expect(abs(found.zeros - zeros) <= 32)
      if let mask { for i in 0..<shape.count where !mask[i] { #expect(!found[i]) } }
      mask = found
      // 18 quads are two segments of nine.
      for (outputs, segment, position) in [
        (0..<16, 0..<9, 0), (0..<16, 9..<18, 1), (16..<20, 0..<9, 1),
      ] {
        let counts = outputs.map { row in
          segment.filter { found[(row * 72 + $0 * 4) * 2 + position] }.count
        }
        #expect(Set(counts).count == 1, "\(counts)")
      }
    }
  }

  @Test func patternsBoundZerosAmongNeighbours() throws {
    var random = SeededGenerator(seed: 8)
    let shape: Shape = [4, 16, 1, 3]
    let scores = random.uniform(shape.count).map { abs($0) }
    var mask: WeightMask?
    for zeros in [20, 70, 96, 150] {
      let found = try prune(scores, .pattern(zeros: 2, of: 4), shape, zeros: zeros, mask: mask)
      #expect(found.zeros == min(zeros, 96))
      mask = found
    }
    let final = try #require(mask)
    for row in 0..<4 {
      for block in 0..<4 {
        for position in 0..<3 {
          let members = (0..<4).map { (row * 16 + block * 4 + $0) * 3 + position }
          let kept = members.filter { final[$0] }
          #expect(kept.count == 2)
          #expect(Set(kept) == Set(members.sorted { scores[$0] > scores[$1] }.prefix(2)))
        }
      }
    }
  }

  @Test func severalParametersShareOneThreshold() throws {
    let (a, b): ([Float], [Float]) = ([1, 5, 2, 6], [3, 4, 0, 9])
    try a.withUnsafeBufferPointer { a in
      try b.withUnsafeBufferPointer { b in
        let groups = try #require(PruneGroups(.single, [2, 2]))
        var candidates = [a, b].map {
          PruneChoice.Candidate(scores: $0, groups: groups, mask: WeightMask(keepingAll: 4))
        }
        #expect(PruneChoice.prune(&candidates, zeros: 4) == 4)
        #expect(candidates.map { $0.mask.kept } == [[0, 1, 0, 1], [0, 1, 0, 1]])
      }
    }
  }

  @Test func theRampIsCubicAndEndsInTime() {
    let ramp = SparsityRamp(from: 0.2, to: 0.9, over: 100..<200, every: 10)
    #expect(ramp.sparsity(at: 99) == 0.2)
    #expect(ramp.sparsity(at: 189) < 0.9)
    #expect(ramp.sparsity(at: 190) == 0.9)
    #expect(ramp.sparsity(at: 1000) == 0.9)
    let growths = (0..<300).filter { ramp.grows(at: $0) }
    #expect(growths == Array(stride(from: 100, to: 200, by: 10)))
    for (index, step) in growths.enumerated() {
      let left = 1 - Double(index + 1) / 10
      #expect(abs(ramp.sparsity(at: step) - (0.9 - 0.7 * left * left * left)) < 1e-12)
    }
  }

  @Test func fadingWeightsFallEvenlyToExactlyZero() {
    let fade = LinearFade(steps: 8)
    var weights: [Float] = [4, -2, 1]
    var mask = WeightMask(keepingAll: 3)
    mask[0] = false
    for step in 0..<8 {
      weights.withUnsafeMutableBufferPointer { fade.apply(to: $0, leaving: mask, after: step) }
      #expect(abs(weights[0] - 4 * Float(7 - step) / 8) < 1e-6)
      #expect(weights[1...] == [-2, 1])
    }
    #expect(weights[0] == 0)
  }
}
