import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// How many samples a walk over the layers of a network can afford.
@Suite struct WalkBudgetTests {
  private static func samples(
    _ graph: Graph, limit: Int, budget: Double, least: Int = 10
  ) -> Int {
    LayerWalk.samples(
      graph, graph.weightedNodes(.none).map(\.position), most: 1_000, least: least, limit: limit,
      budget: budget)
  }

  private static func macs(_ graph: Graph, upTo position: Int) -> Double {
    graph.nodes[..<position].reduce(0) { $0 + Double($1.macs(in: graph)) }
  }

  @Test func withMemoryEachNodeRunsOnce() throws {
    let graph = try ChannelPermutationTests.network()
    let last = try #require(graph.weightedNodes(.none).last?.position)
    let once = 2 * Self.macs(graph, upTo: last)
    let memory = 1 << 30
    #expect(Self.samples(graph, limit: memory, budget: 1_000 * once) == 1_000)
    #expect(Self.samples(graph, limit: memory, budget: 999 * once) == 800)
    #expect(Self.samples(graph, limit: memory, budget: 0) == 10)
    #expect(Self.samples(graph, limit: memory, budget: 0, least: 2_000) == 1_000)
  }

  /// Without memory all before a layer runs for that layer.
  @Test func withoutMemoryNodesRunAgain() throws {
    let graph = try ChannelPermutationTests.network()
    let all = graph.weightedNodes(.none).reduce(0) {
      $0 + 2 * Self.macs(graph, upTo: $1.position)
    }
    #expect(Self.samples(graph, limit: 1_000, budget: 1_000 * all) == 1_000)
    #expect(Self.samples(graph, limit: 1_000, budget: 999 * all) == 800)
    // The same budget bears more of them where states are kept.
    let few = Self.samples(graph, limit: 1_000, budget: 100 * all)
    #expect(few < Self.samples(graph, limit: 1 << 30, budget: 100 * all))
  }
}

extension Node {
  fileprivate func macs(in graph: Graph) -> Int { graph.multiplyAccumulates(of: self) }
}
