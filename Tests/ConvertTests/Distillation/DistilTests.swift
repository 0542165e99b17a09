import Datasets
import Interpreter
import Kernels
import ModelFormat
import TestSupport
import Testing
import Train

@testable import Convert

/// A pruned network learns from the dense one, on images without labels.
@Suite struct DistilTests {
  /// Two convolutions, a residual block and a row of scores.
  static func network() throws -> Graph {
    var builder = TestSupport.GraphBuilder(seed: 21)
    let x = builder.input([1, 1, 8, 8])
    let stem = builder.node("Relu", builder.conv(x, 8, from: 1, name: "stem"), name: "stem.relu")
    let inner = builder.node("Relu", builder.conv(stem, 8, from: 8, name: "inner"))
    let last = builder.conv(inner, 8, from: 8, kernel: 1, name: "last")
    let sum = builder.node("Relu", builder.node("Add", last, stem), name: "sum")
    let flat = builder.node("Flatten", builder.node("GlobalAveragePool", sum))
    let y = builder.node(
      "Gemm", flat, builder.weights(6, 8), builder.weights(6),
      attributes: ["transB": .int(1)], name: "scores")
    var graph = builder.finish(y)
    try graph.inferShapes()
    return graph
  }

  /// The network with zeros, what it was, and images in two parts.
  struct Case {
    let dense: Graph
    let pruned: Graph
    let layers: [WeightedNode]
    let shown: SampleSet
    let trial: Trial
    var options: ConversionOptions

    init(threads: Int = 1) throws {
      options = SampleSetTests.options { $0.threads = threads }
      dense = try DistilTests.network()
      layers = dense.weightedNodes(.none)
      var pruned = dense
      _ = Prune(specification: .unstructured(0.5), scope: .layer).apply(&pruned, layers)
      self.pruned = pruned
      let (shown, held) = try SampleSet(options, dense).split(period: 8)
      self.shown = shown
      var judge = held
      trial = try Trial(
        try Interpreter(dense), &judge, limit: 48, threads: threads)
    }

    func distil(_ stop: StopSignal = StopSignal()) throws -> (graph: Graph, effect: Distil.Effect) {
      var graph = pruned
      let step = Distil(options: options, trial: trial, stop: stop, progress: { _ in })
      let effect = try step.apply(&graph, dense: dense, layers, shown)
      return (graph, effect)
    }
  }

  static func bits(_ graph: Graph) -> [[UInt32]] {
    graph.values.compactMap { $0.constant?.floats().map(\.bitPattern) }
  }

  @Test func prunedNetworksComeNearerOnImagesTheyDidNotSee() throws {
    let test = try Case()
    let (graph, effect) = try test.distil()
    #expect(effect.reason == nil && effect.steps <= effect.planned && effect.steps > 20)
    #expect(effect.after.loss < 0.8 * effect.before.loss, "\(effect.text)")
    // What it says is what the network does.
    #expect(try test.trial.error(of: graph) == effect.after)
    #expect(try test.trial.error(of: test.pruned) == effect.before)
    // Zeros are those of pruning; what is not pruned moves, biases too.
    for layer in test.layers {
      for (place, id) in graph.nodes[layer.position].inputs.compactMap(\.self).enumerated()
      where place > 0 {
        let (before, after) = (try #require(test.pruned.floats(id)), try #require(graph.floats(id)))
        #expect(before != after, "\(layer.name)")
        if place == 1 {
          #expect(zip(before, after).allSatisfy { ($0 == 0) == ($1 == 0) }, "\(layer.name)")
        }
      }
    }
  }

  @Test func imagesDecideNotThreads() throws {
    let one = try Case(threads: 1).distil()
    let two = try Case(threads: 2).distil()
    #expect(Self.bits(one.graph) == Self.bits(two.graph))
    #expect(one.effect.after == two.effect.after)
  }

  @Test func askedToStopItKeepsWhatThereWas() throws {
    let test = try Case()
    let stop = StopSignal()
    stop.give()
    let (graph, effect) = try test.distil(stop)
    #expect(effect.steps == 0 && effect.after == effect.before)
    #expect(Self.bits(graph) == Self.bits(test.pruned))
  }

  @Test func whatDoesNotFitIsLeftOut() throws {
    var test = try Case()
    test.options.maximumMemory = 4_096
    let (graph, effect) = try test.distil()
    #expect(effect.reason?.contains("--max-memory") == true)
    #expect(Self.bits(graph) == Self.bits(test.pruned))
    // Random samples teach nothing.
    test.options.maximumMemory = nil
    test.options.calibration = nil
    var same = test.pruned
    let step = Distil(
      options: test.options, trial: test.trial, stop: StopSignal(), progress: { _ in })
    let random = try SampleSet(test.options, test.dense)
    #expect(try step.apply(&same, dense: test.dense, test.layers, random).reason != nil)
    #expect(Self.bits(same) == Self.bits(test.pruned))
  }

  /// Cuts of the network are behind the stem and behind the block: inside, two values are alive.
  @Test func featuresAreWhereOneValueIsAlive() throws {
    let graph = try Self.network()
    let layers = graph.weightedNodes(.none)
    func names(_ nodes: [WeightedNode], _ most: Int) -> [String] {
      FeaturePoints.find(graph, after: nodes, most: most).map { graph[$0].name }
    }
    let all = names(layers, 16)
    #expect(all.contains("stem.y") && all.contains("stem.relu.y") && all.contains("sum.y"))
    #expect(!all.contains { $0.hasPrefix("inner") || $0.hasPrefix("last") })
    // No input, no output, and nothing that is no map of features.
    #expect(!all.contains("x") && !all.contains("scores.y"))
    #expect(!all.contains { $0.hasPrefix("Flatten") })
    // None before the first layer that changes; of many, the last and some before it.
    let late = names(layers.filter { $0.name != "stem" && $0.name != "inner" }, 16)
    #expect(late == all.filter { !$0.hasPrefix("stem") } && !late.isEmpty)
    #expect(names(layers, 2).count == 2 && names(layers, 1) == [all[all.count - 1]])
  }

  @Test func studentsMoveAllButTheirZeros() throws {
    let test = try Case()
    let student = try StudentNetwork(
      test.pruned, test.layers, batch: 4, keeps: [], threads: 1)
    let network = student.network
    var random = SeededGenerator(seed: 6)
    let before = Array(network.values)
    // A bias of zero moves too: only matrices have masks.
    for step in 0..<3 {
      for (index, value) in random.normal(before.count).enumerated() {
        network.gradients[index] = value
      }
      student.step(rate: step == 2 ? 0.001 : 0.01)
    }
    for layer in test.layers {
      let range = try #require(network.range(of: layer.weights))
      let weights = Array(before[range])
      let size = (weights.reduce(0) { $0 + $1 * $1 } / Float(weights.count { $0 != 0 }))
        .squareRoot()
      for index in range {
        #expect((network.values[index] == 0) == (before[index] == 0))
        // By about the rate of the tensor's size at most.
        #expect(abs(network.values[index] - before[index]) < 0.03 * size)
      }
    }
    let graph = network.graph()
    #expect(Self.bits(graph) != Self.bits(test.pruned))
    // Gradients that are no numbers change nothing.
    let now = Array(network.values)
    network.gradients[5] = .nan
    student.step(rate: 0.01)
    #expect(Array(network.values) == now)
  }
}
