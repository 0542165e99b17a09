import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Channels that are scaled together.
@Suite struct EqualizationTests {
  /// Two residual blocks with a depthwise layer, pooling and a classifier.
  private func network(seed: UInt64 = 5) throws -> Graph {
    var builder = GraphBuilder(seed: seed)
    let x = builder.input([1, 3, 8, 8])
    func relu(_ id: ValueID) -> ValueID { builder.node("Relu", id) }
    let stem = relu(builder.conv(x, 8, from: 3, name: "stem"))
    let wide = relu(builder.conv(stem, 16, from: 8, kernel: 1, name: "expand"))
    let deep = relu(builder.conv(wide, 16, from: 16, group: 16, name: "depthwise"))
    let narrow = builder.conv(deep, 8, from: 16, kernel: 1, name: "project")
    let sum = relu(builder.node("Add", stem, narrow, name: "add"))
    let last = builder.conv(sum, 8, from: 8, name: "last")
    let again = builder.node("Add", sum, last, name: "again")
    let pooled = builder.node("GlobalAveragePool", again)
    let rows = builder.node("Flatten", pooled)
    let scores = builder.node(
      "Gemm", rows, builder.weights(5, 8), attributes: ["transB": .int(1)], name: "scores")
    var graph = builder.finish(scores)
    try graph.inferShapes()
    _ = try GraphPass.run(GraphPass.fusion, on: &graph, path: "built")
    return graph
  }

  @Test func residualsAreOneClass() throws {
    let graph = try network()
    let classes = ChannelClasses(graph, for: .scaling).classes
    let names = classes.map { group in
      (
        Set(group.producers.map { graph.nodes[$0].name }),
        Set(group.consumers.map { graph.nodes[$0].name })
      )
    }
    #expect(names.count == 3)
    #expect(names.contains { $0 == (["expand"], ["depthwise"]) })
    #expect(names.contains { $0 == (["depthwise"], ["project"]) })
    #expect(names.contains { $0 == (["stem", "project", "last"], ["expand", "last", "scores"]) })
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func theNetworkComputesTheSame(_ seed: UInt64) throws {
    let graph = try network(seed: seed)
    var random = SeededGenerator(seed: seed)
    var factors: [String: [Float]] = [:]
    for group in ChannelClasses(graph, for: .scaling).classes {
      let own = random.uniform(group.channels).map { 2 + 1.9 * $0 }
      for value in group.values { factors[graph[value].name] = own }
    }
    var equalized = graph
    EqualizeChannels.apply(&equalized, factors)
    let (a, b) = (try Interpreter(graph), try Interpreter(equalized))
    let samples = RandomSamples(seed: seed)
    for sample in 0..<3 {
      samples.load(sample, into: a)
      b.copyInputs(of: a)
      try a.run()
      try b.run()
      for (x, y) in zip(a.floats(0), b.floats(0)) { #expect(abs(x - y) < 1e-3 * max(1, abs(x))) }
    }
    // And not because nothing was changed.
    let stem = try #require(graph.nodes.firstIndex { $0.name == "stem" })
    let before = try #require(graph.nodes[stem].inputs[1].flatMap { graph[$0].constant })
    let after = try #require(equalized.nodes[stem].inputs[1].flatMap { equalized[$0].constant })
    #expect(before.floats() != after.floats())
  }

  @Test func magnitudesBecomeAlike() throws {
    let graph = try network()
    let classes = ChannelClasses(graph, for: .scaling).classes
    func spread(_ graph: Graph) throws -> Double {
      var profile = ChannelProfile(graph, classes.flatMap(\.values))
      let interpreter = try Interpreter(graph)
      RandomSamples(seed: 1).load(0, into: interpreter)
      try profile.run(interpreter)
      // The largest channel beside the smallest, over all activations.
      return profile.largest.values.reduce(0) { sum, channels in
        let positive = channels.filter { $0 > 0 }
        return sum + Double((positive.max() ?? 1) / (positive.min() ?? 1))
      }
    }
    var profile = ChannelProfile(graph, classes.flatMap(\.values))
    let interpreter = try Interpreter(graph)
    RandomSamples(seed: 1).load(0, into: interpreter)
    try profile.run(interpreter)
    var equalized = graph
    EqualizeChannels.apply(&equalized, EqualizeChannels(graph, profile).factors)
    #expect(try spread(equalized) < spread(graph))
  }

  @Test func shapesThatDoNotFitAreLeftAlone() throws {
    // A Gemm over a Reshape that mixes channels with pixels, and factors of a wrong length.
    var builder = GraphBuilder(seed: 4)
    let x = builder.input([1, 2, 4, 4])
    let convolved = builder.conv(x, 4, from: 2)
    let rows = builder.reshape(convolved, [1, 64])
    let scores = builder.node(
      "Gemm", rows, builder.weights(5, 64), attributes: ["transB": .int(1)])
    var graph = builder.finish(scores)
    try graph.inferShapes()
    #expect(ChannelClasses(graph, for: .scaling).classes.isEmpty)
    var other = try network()
    let before = other.values.map { $0.constant?.floats() }
    EqualizeChannels.apply(&other, ["stem.y": [1, 2], "Relu1.y": [0, 1, 1, 1, 1, 1, 1, 1]])
    #expect(other.values.map { $0.constant?.floats() } == before)
  }
}
