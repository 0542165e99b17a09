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
    _ scope: ConversionOptions.PruningScope = .global, _ filter: NodeFilter = .none
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
