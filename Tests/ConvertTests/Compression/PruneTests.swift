import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Counts and patterns of pruned weights, exactly.
@Suite struct PruneTests {
  static let samples = ["digits_resnet", "digits_mobile"]

  static func normalized(_ name: String) throws -> Graph {
    try #require(TestModel.all.first { $0.name == name }).graph()
      .applying(GraphPass.normalization)
  }

  struct Pruned {
    let before: Graph
    let after: Graph
    let effect: Prune.Effect
    /// The weights of each layer, before and after.
    var layers: [(name: String, shape: Shape, before: [Float], after: [Float])] {
      before.weightedNodes(.none).compactMap { node in
        guard let a = before[node.weights].constant, let b = after[node.weights].constant else {
          return nil
        }
        return (node.name, a.shape, a.floats(), b.floats())
      }
    }
  }

  static func prune(
    _ graph: Graph, _ specification: ConversionOptions.Pruning,
    _ scope: ConversionOptions.PruningScope? = .global, _ filter: NodeFilter = .none
  ) -> Pruned {
    var pruned = graph
    let effect = Prune(specification: specification, scope: scope)
      .apply(&pruned, graph.weightedNodes(filter))
    return Pruned(before: graph, after: pruned, effect: effect)
  }

  @Test(arguments: samples, [0, 0.1, 0.333, 0.5, 0.9, 1])
  func globalCountsAreExact(_ name: String, _ fraction: Double) throws {
    let pruned = Self.prune(try Self.normalized(name), .unstructured(fraction))
    let total = pruned.layers.reduce(0) { $0 + $1.before.count }
    let zeros = pruned.layers.reduce(0) { $0 + $1.after.count { $0 == 0 } }
    #expect(zeros == Int((Double(total) * fraction).rounded()))
    #expect(pruned.effect.zeros == zeros && pruned.effect.weights == total)
  }

  @Test(arguments: samples, [0.25, 0.5, 0.77])
  func countsOfEachLayerAreExact(_ name: String, _ fraction: Double) throws {
    for layer in Self.prune(try Self.normalized(name), .unstructured(fraction), .layer).layers {
      let zeros = layer.after.count { $0 == 0 }
      #expect(zeros == Int((Double(layer.after.count) * fraction).rounded()), "\(layer.name)")
    }
  }

  @Test(arguments: samples)
  func theSmallestWeightsGoAndOthersStay(_ name: String) throws {
    let layers = Self.prune(try Self.normalized(name), .unstructured(0.5)).layers
    var largestGone: Float = 0
    var smallestKept = Float.infinity
    for layer in layers {
      for (before, after) in zip(layer.before, layer.after) {
        #expect(after == before || after == 0)
        if after == 0 { largestGone = max(largestGone, abs(before)) }
        if after != 0 { smallestKept = min(smallestKept, abs(after)) }
      }
    }
    #expect(largestGone <= smallestKept)
  }

  @Test func tiesGoInOrder() throws {
    var build = GraphBuilder()
    let weights = build.constant(Tensor([Float](repeating: -0.5, count: 10), shape: [2, 5]))
    let graph = build.finish(
      build.nodes("Gemm", [build.input([1, 5]), weights], ["transB": .int(1)], outputs: 1)[0])
    let after = Self.prune(graph, .unstructured(0.3)).layers[0].after
    #expect(after == [0, 0, 0] + [Float](repeating: -0.5, count: 7))
  }

  @Test(arguments: samples, [(2, 4), (1, 4), (4, 8), (1, 2)])
  func patternsLeaveExactlySoManyInEachGroup(_ name: String, _ pattern: (Int, Int)) throws {
    let pruned = Self.prune(
      try Self.normalized(name), .pattern(keep: pattern.0, of: pattern.1))
    var groups = 0
    for layer in pruned.layers where layer.shape[1] % pattern.1 == 0 {
      let positions = layer.shape.dimensions[2...].reduce(1, *)
      for row in 0..<(layer.shape[0] * layer.shape[1] / pattern.1) {
        for position in 0..<positions {
          let members = (0..<pattern.1).map { (row * pattern.1 + $0) * positions + position }
          let kept = members.filter { layer.after[$0] != 0 }
          #expect(kept.count == pattern.0, "\(layer.name)")
          let largest = members.map { abs(layer.before[$0]) }.sorted().suffix(pattern.0)
          #expect(kept.map { abs(layer.after[$0]) }.sorted() == Array(largest), "\(layer.name)")
          groups += 1
        }
      }
    }
    #expect(groups > 100)
  }

  @Test(arguments: samples)
  func layersThatFormNoGroupsAreNamedAndLeftAlone(_ name: String) throws {
    let pruned = Self.prune(try Self.normalized(name), .pattern(keep: 2, of: 4))
    let odd = pruned.layers.filter { $0.shape[1] % 4 != 0 }
    #expect(!odd.isEmpty && odd.map(\.name) == pruned.effect.skipped)
    for layer in odd { #expect(layer.before == layer.after) }
  }

  @Test(arguments: [0.25, 0.5, 0.75], ConversionOptions.PruningScope.allCases)
  func blocksGoAsAWhole(_ fraction: Double, _ scope: ConversionOptions.PruningScope) throws {
    let pruned = Self.prune(try Self.normalized("digits_resnet"), .block(fraction), scope)
    for layer in pruned.layers where layer.shape[1] % 4 == 0 {
      let positions = layer.shape.dimensions[2...].reduce(1, *)
      var zeroBlocks = 0
      for block in 0..<(layer.after.count / 4 / positions) {
        for position in 0..<positions {
          let zeros = (0..<4).count { layer.after[(block * 4 + $0) * positions + position] == 0 }
          #expect(zeros == 0 || zeros == 4, "\(layer.name)")
          zeroBlocks += zeros / 4
        }
      }
      if scope == .layer {
        let blocks = layer.after.count / 4
        #expect(abs(Double(zeroBlocks) - Double(blocks) * fraction) <= 1, "\(layer.name)")
      }
    }
    if scope == .global {
      let wanted = Double(pruned.effect.weights) * fraction
      #expect(abs(Double(pruned.effect.zeros) - wanted) <= 4)
    }
  }

  /// 144 inputs make 36 blocks in segments of 12; 20 outputs are one whole panel and a part of one.
  ///
  /// 60 inputs are too few to be balanced.
  @Test(arguments: [(144, 20, 1), (64, 16, 3), (272, 33, 1), (60, 16, 1)], [0.1, 0.5, 0.75])
  func blocksAreBalancedWithinSegments(_ sizes: (Int, Int, Int), _ fraction: Double) throws {
    let (inputs, outputs, kernel) = sizes
    var numbers = SeededGenerator(seed: 7)
    let values = numbers.normal(outputs * inputs * kernel * kernel)
    var build = GraphBuilder()
    let weights = build.constant(Tensor(values, shape: [outputs, inputs, kernel, kernel]))
    let graph = build.finish(
      build.nodes("Conv", [build.input([1, inputs, 8, 8]), weights], [:], outputs: 1)[0])
    let pruned = Self.prune(graph, .block(fraction), nil)
    let after = pruned.layers[0].after
    let (quads, positions) = (inputs / 4, kernel * kernel)
    let kept = { (output: Int, quad: Int, position: Int) in
      after[(output * inputs + quad * 4) * positions + position] != 0
    }
    let segments = (quads + 15) / 16
    let size = (quads + segments - 1) / segments
    var uneven = 0
    for top in stride(from: 0, to: outputs, by: 16) {
      for first in stride(from: 0, to: quads, by: size) {
        for position in 0..<positions {
          let counts = (top..<min(outputs, top + 16)).map { output in
            (first..<min(quads, first + size)).count { kept(output, $0, position) }
          }
          if Set(counts).count > 1 { uneven += 1 }
        }
      }
    }
    // The threshold may fall within one rank of one segment.
    if quads >= 16 {
      #expect(uneven <= 1)
    } else {
      #expect(uneven > 1 || positions * segments == 1)
    }
    let zeros = after.count { $0 == 0 }
    #expect(abs(Double(zeros) - Double(after.count) * fraction) <= 4)
    // Within an output and a segment, the largest blocks stay.
    for output in 0..<outputs {
      for first in stride(from: 0, to: quads, by: size) {
        for position in 0..<positions {
          let norms = (first..<min(quads, first + size)).map { quad in
            let norm = (0..<4).reduce(Float(0)) { sum, member in
              let value = values[(output * inputs + quad * 4 + member) * positions + position]
              return sum + value * value
            }
            return (norm: norm, kept: kept(output, quad, position))
          }
          let least = norms.filter(\.kept).map(\.norm).min() ?? .infinity
          let most = norms.filter { !$0.kept }.map(\.norm).max() ?? 0
          #expect(quads < 16 || most <= least)
        }
      }
    }
  }

  @Test func excludedLayersAreLeftAlone() throws {
    let graph = try Self.normalized("digits_resnet")
    let names = graph.weightedNodes(.none).map(\.name)
    let filter = try NodeFilter(
      matching: NSRegularExpression.escapedPattern(for: names[0]) + "|"
        + NSRegularExpression.escapedPattern(for: names[3]))
    let pruned = Self.prune(graph, .unstructured(0.5), .global, filter)
    #expect(pruned.layers.filter { $0.before == $0.after }.map(\.name) == [names[0], names[3]])
    let rest = graph.weightedNodes(filter)
    #expect(rest.map(\.name) == names.filter { $0 != names[0] && $0 != names[3] })
  }

  @Test func expressionsMatchWholeNames() throws {
    let node = { (name: String) in Node(name: name, op: "Conv", inputs: [], outputs: []) }
    let filter = try NodeFilter(matching: "conv1|head.*")
    #expect(filter.excludes(node("conv1")) && filter.excludes(node("head.0")))
    #expect(!filter.excludes(node("conv12")) && !filter.excludes(node("a.conv1")))
    #expect(throws: ConvertError.self) { try NodeFilter(matching: "conv(") }
  }

  @Test func sharedWeightsArePrunedOnce() throws {
    let graph = try CleanupTests.model("norm-shared-weights")
    let pruned = Self.prune(graph, .unstructured(0.5))
    #expect(pruned.effect.weights == 144 && pruned.effect.zeros == 72)
  }
}
