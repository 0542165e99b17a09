import Interpreter
import Kernels
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Channels change places to suit a pattern of zeros; what a network computes does not.
@Suite struct ChannelPermutationTests {
  /// A block with a depthwise layer and a gate, two branches that are joined, and a classifier where there are
  /// to be scores.
  static func network(hasScores: Bool = true) throws -> Graph {
    var builder = TestSupport.GraphBuilder(seed: 8)
    let x = builder.input([1, 3, 8, 8])
    let stem = builder.node("HardSwish", builder.conv(x, 8, from: 3, name: "stem"))
    let wide = builder.node("Relu", builder.conv(stem, 32, from: 8, kernel: 1, name: "expand"))
    let deep = builder.node(
      "Relu", builder.conv(wide, 32, from: 32, group: 32, name: "depthwise"))
    let pooled = builder.node("GlobalAveragePool", deep)
    let squeezed = builder.node(
      "Relu", builder.conv(pooled, 8, from: 32, kernel: 1, name: "squeeze"))
    let gate = builder.node(
      "Sigmoid", builder.conv(squeezed, 32, from: 8, kernel: 1, name: "gate"))
    let gated = builder.node("Mul", deep, gate)
    let narrow = builder.conv(gated, 8, from: 32, kernel: 1, name: "project")
    let sum = builder.node("Add", stem, narrow)
    let left = builder.conv(sum, 8, from: 8, name: "left")
    let right = builder.conv(sum, 8, from: 8, name: "right")
    let joined = builder.nodes("Concat", [left, right], ["axis": .int(1)], outputs: 1)[0]
    let last = builder.conv(joined, 16, from: 16, name: "last")
    let rows = builder.node("Flatten", builder.node("GlobalAveragePool", last))
    let scores = builder.node(
      "Gemm", rows, builder.weights(5, 16), attributes: ["transB": .int(1)], name: "scores")
    var graph = builder.finish(hasScores ? scores : last)
    if !hasScores { graph.nodes.removeAll { ["Flatten", "Gemm"].contains($0.op) } }
    try graph.inferShapes()
    _ = try GraphPass.run(GraphPass.fusion, on: &graph, path: "built")
    return graph
  }

  private static func weights(_ name: String, _ graph: Graph) -> [Float]? {
    graph.nodes.first { $0.name == name }?.inputs[1].flatMap { graph.floats($0) }
  }

  @Test(arguments: [ConversionOptions.Pruning.pattern(keep: 2, of: 4), .block(0.5)])
  func theNetworkComputesTheSame(_ pattern: ConversionOptions.Pruning) throws {
    let dense = try Self.network()
    var graph = dense
    var options = ConversionOptions(input: "gated")
    options.samples = 8
    var samples = try SampleSet(options, dense)
    let step = PermuteChannels(options: options, pattern: pattern)
    // What is squeezed, what is read by the classifier, and what two and three layers read; not what is joined.
    #expect(try step.apply(&graph, dense.weightedNodes(.none), &samples) == 4)
    for (name, isMoved) in [
      ("stem", true), ("depthwise", true), ("project", true), ("gate", true), ("last", true),
      ("left", true), ("scores", true),
    ] {
      #expect((Self.weights(name, graph) != Self.weights(name, dense)) == isMoved, "\(name)")
    }
    let (before, after) = (try Interpreter(dense), try Interpreter(graph))
    let inputs = RandomSamples(seed: 4)
    for sample in 0..<4 {
      inputs.load(sample, into: before)
      after.copyInputs(of: before)
      try before.run()
      try after.run()
      for (x, y) in zip(before.floats(0), after.floats(0)) {
        #expect(abs(x - y) < 1e-4 * max(1, abs(x)))
      }
    }
  }

  @Test func joinedChannelsStay() throws {
    var graph = try Self.network()
    let options = ConversionOptions(input: "gated")
    var samples = try SampleSet(options, graph)
    let last = graph.weightedNodes(.none).filter { $0.name == "last" }
    let step = PermuteChannels(options: options, pattern: .block(0.5))
    #expect(last.count == 1)
    #expect(try step.apply(&graph, last, &samples) == 0)
  }

  /// A constant for each channel would have to move along; one for all of them need not.
  @Test(arguments: [(8, 0), (1, 1)]) func constantsOfChannelsKeepThem(
    _ elements: Int, _ classes: Int
  ) throws {
    var builder = TestSupport.GraphBuilder(seed: 2)
    let x = builder.input([1, 3, 6, 6])
    let made = builder.conv(x, 8, from: 3, name: "made")
    let scaled = builder.node("Mul", made, builder.weights(1, elements, 1, 1))
    let last = builder.conv(scaled, 8, from: 8, name: "last")
    var graph = builder.finish(last)
    try graph.inferShapes()
    #expect(ChannelClasses(graph, for: .permutation).classes.count == classes)
    #expect(ChannelClasses(graph, for: .scaling).classes.isEmpty)
  }

  private static let pool = ThreadPool(threads: 1)

  /// Of 16 channels the first half counts: two of each four must come from it.
  @Test(arguments: [(2, 4), (1, 4), (4, 8)])
  func patternsFindWhatTheyMayDrop(_ keep: Int, _ of: Int) throws {
    let large = 16 * keep / of
    var random = SeededGenerator(seed: 3)
    let scores = (0..<16).flatMap { channel in
      random.uniform(37).map { channel < large ? 10 + $0 : abs($0) }
    }
    let search = ChannelOrder(scores: scores, channels: 16, pool: Self.pool)
    let order = try #require(
      search.order(for: .pattern(keep: keep, of: of), seed: 1))
    #expect(order.sorted() == Array(0..<16))
    for first in stride(from: 0, to: 16, by: of) {
      #expect(order[first..<first + of].count { $0 < large } == keep)
    }
  }

  /// Channels that are large in the same rows belong into the same blocks.
  @Test func blocksGatherWhatIsAlike() throws {
    let scores = (0..<16).flatMap { channel in
      (0..<24).map { row in row % 4 == channel % 4 ? Float(5) : 0.1 }
    }
    let search = ChannelOrder(scores: scores, channels: 16, pool: Self.pool)
    let order = try #require(search.order(for: .block(0.5), seed: 1))
    #expect(order.sorted() == Array(0..<16))
    for first in stride(from: 0, to: 16, by: 4) {
      #expect(Set(order[first..<first + 4].map { $0 % 4 }).count == 1)
    }
  }

  @Test func whatFormsNoGroupsHasNoOrder() {
    let search = ChannelOrder(
      scores: [Float](repeating: 1, count: 60), channels: 6, pool: Self.pool)
    #expect(search.order(for: .pattern(keep: 2, of: 4), seed: 1) == nil)
    #expect(search.order(for: .block(0.5), seed: 1) == nil)
    #expect(search.order(for: .unstructured(0.5), seed: 1) == nil)
  }

  @Test func conversionsReport() throws {
    let grouped = try SampledPruningTests.convert("digits_resnet", .pattern(keep: 2, of: 4))
    #expect(SampledPruningTests.log(grouped).contains("permute-channels"))
    let single = try SampledPruningTests.convert("digits_resnet")
    #expect(!SampledPruningTests.log(single).contains("permute-channels"))
  }
}
