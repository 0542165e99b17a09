import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// How zeros are shared out among layers, and which layers get any.
@Suite struct AllocationTests {
  static let levels = [0.3, 0.5, 0.65, 0.8, 0.92]

  /// A layer whose loss at half its weights is `loss`.
  static func layer(_ name: String, _ weights: Int, _ loss: Double) -> PruningAllocation.Layer {
    .init(
      name: name, weights: weights,
      curve: levels.map { ($0, loss * pow($0 / 0.5, 4)) })
  }

  static let layers = [
    layer("a", 1_000, 0.01), layer("b", 5_000, 0.5), layer("c", 20_000, 0.02),
    layer("d", 700, 2), layer("e", 33_333, 0.1),
  ]
  static let total = 60_033

  @Test(arguments: [1, 10, 6_003, 30_017, 42_000, 55_000, 58_800])
  func partsAddUpToWhatIsAsked(_ zeros: Int) {
    let fractions = PruningAllocation.fractions(Self.layers, zeros: zeros)
    let sum = Self.layers.reduce(0) { $0 + (fractions[$1.name] ?? 0) * Double($1.weights) }
    #expect(abs(sum - Double(zeros)) < 1e-6)
    #expect(fractions.values.allSatisfy { (0...0.9801).contains($0) })
  }

  @Test func noLayerLosesAllItsWeights() {
    for zeros in [58_900, 60_033, 1_000_000] {
      let fractions = PruningAllocation.fractions(Self.layers, zeros: zeros)
      #expect(fractions.count == 5 && fractions.values.allSatisfy { abs($0 - 0.98) < 1e-9 })
    }
    #expect(PruningAllocation.fractions(Self.layers, zeros: 0).isEmpty)
    #expect(PruningAllocation.fractions([], zeros: 10).isEmpty)
  }

  @Test func zerosGoWhereTheyCostLeast() throws {
    let fractions = PruningAllocation.fractions(Self.layers, zeros: Self.total / 2)
    func fraction(_ name: String) -> Double { fractions[name] ?? -1 }
    // For each weight that goes: c costs least, d most.
    #expect(fraction("c") > fraction("e") && fraction("e") > fraction("b"))
    #expect(fraction("a") > fraction("b") && fraction("b") > fraction("d"))
    func loss(_ fractions: (PruningAllocation.Layer) -> Double) -> Double {
      Self.layers.reduce(0) { $0 + $1.loss(at: fractions($1)) }
    }
    let equal = loss { _ in 0.5 }
    #expect(loss { fraction($0.name) } < 0.6 * equal)
    // More zeros take none back.
    let more = PruningAllocation.fractions(Self.layers, zeros: Self.total * 7 / 10)
    for layer in Self.layers {
      #expect(more[layer.name] ?? 0 >= fraction(layer.name) - 0.03, "\(layer.name)")
    }
  }

  @Test func lossesRiseWithZerosAndPassThroughWhatWasMeasured() {
    var layer = Self.layer("a", 100, 0.2)
    // As measured: flat at first, then all at once.
    layer.curve = [(0.3, 0), (0.5, 0), (0.65, 1e-4), (0.8, 1e-4), (0.92, 3)]
    for layer in [layer, Self.layer("b", 100, 0.2)] {
      var last = 0.0
      for step in 0...100 {
        let loss = layer.loss(at: Double(step) / 100)
        #expect(loss >= last * (1 - 1e-9) && loss.isFinite, "\(step)")
        last = loss
      }
      for (fraction, loss) in layer.curve {
        #expect(abs(layer.loss(at: fraction) - loss) <= 2e-12 + 1e-9 * loss)
      }
      #expect(layer.loss(at: 0) == 0)
      #expect(layer.loss(at: 0.98) > 2 * layer.loss(at: 0.92))
    }
  }

  @Test func theDearestLayersOfAPatternStayDense() {
    var random = SeededGenerator(seed: 2)
    let layers = (0..<40).map { index in
      PruningAllocation.Layer(
        name: "\(index)", weights: 100, curve: [(1, index == 7 ? 5 : Double(index) / 100)])
    }.shuffled(using: &random)
    #expect(PruningAllocation.dearest(layers, of: 4_000) == ["7"])
    #expect(PruningAllocation.dearest(layers, of: 3_999).isEmpty)
    #expect(PruningAllocation.dearest(layers, of: 12_400) == ["7", "39", "38"])
    // A large layer is cheap for what it has, or too large.
    let large = PruningAllocation.Layer(name: "large", weights: 90, curve: [(1, 4)])
    #expect(PruningAllocation.dearest(layers + [large], of: 7_600) == ["7", "large"])
  }

  /// A first convolution of `outputs` channels, a depthwise and a pointwise one, and a Gemm.
  static func network(_ outputs: Int) throws -> Graph {
    var builder = TestSupport.GraphBuilder()
    let x = builder.input([1, 3, 8, 8])
    let first = builder.conv(x, outputs, from: 3, name: "first")
    let depthwise = builder.conv(first, outputs, from: outputs, group: outputs, name: "depthwise")
    let grouped = builder.conv(depthwise, outputs, from: outputs, group: 2, name: "grouped")
    let point = builder.conv(grouped, 128, from: outputs, kernel: 1, name: "point")
    let flat = builder.node("Flatten", builder.node("GlobalAveragePool", point))
    let odd = builder.node(
      "Gemm", flat, builder.weights(33, 128), attributes: ["transB": .int(1)], name: "wide")
    let last = builder.node(
      "Gemm", odd, builder.weights(230, 33), attributes: ["transB": .int(1)], name: "odd")
    var graph = builder.finish(last)
    try graph.inferShapes()
    return graph
  }

  static func choice(
    _ graph: Graph, _ pattern: ConversionOptions.Pruning = .unstructured(0.5)
  ) -> PrunableLayers {
    PrunableLayers(graph, graph.weightedNodes(.none), pattern)
  }

  @Test func depthwiseAndSmallFirstLayersStayDense() throws {
    let graph = try Self.network(8)
    let found = Self.choice(graph)
    #expect(found.prunable.map(\.name) == ["grouped", "point", "wide", "odd"])
    #expect(found.skipped.isEmpty)
    // Those that stay dense count all the same.
    #expect(found.weights == 8 * 27 + 8 * 9 + 8 * 36 + 8 * 128 + 33 * 128 + 230 * 33)
  }

  @Test func largeFirstLayersArePrunedAsOthersAre() throws {
    // 32 · 27 of 22,000 weights are more than a 50th; so is all but the end of a perceptron.
    #expect(try Self.choice(Self.network(32)).prunable.map(\.name).first == "first")
    var builder = TestSupport.GraphBuilder()
    let x = builder.input([1, 784])
    let transposed: [String: Attribute] = ["transB": .int(1)]
    let hidden = builder.node(
      "Gemm", x, builder.weights(100, 784), attributes: transposed, name: "hidden")
    let y = builder.node(
      "Gemm", hidden, builder.weights(10, 100), attributes: transposed, name: "scores")
    var graph = builder.finish(y)
    try graph.inferShapes()
    #expect(Self.choice(graph).prunable.map(\.name) == ["hidden", "scores"])
  }

  @Test func layersThatFormNoGroupsAreNamed() throws {
    let found = try Self.choice(Self.network(8), .pattern(keep: 2, of: 4))
    #expect(found.prunable.map(\.name) == ["grouped", "point", "wide"])
    #expect(found.skipped == ["odd"])
  }

  @Test func sharedWeightsCountOnce() throws {
    var builder = TestSupport.GraphBuilder()
    let x = builder.input([1, 16])
    let weights = builder.weights(16, 16)
    let transposed: [String: Attribute] = ["transB": .int(1)]
    let a = builder.node("Gemm", x, weights, attributes: transposed, name: "a")
    var graph = builder.finish(
      builder.node("Gemm", a, weights, attributes: transposed, name: "b"))
    try graph.inferShapes()
    let found = Self.choice(graph)
    #expect(found.weights == 256 && found.prunable.map(\.name) == ["a"])
  }

  @Test func projectionsReachTheirNumberInSteps() throws {
    var random = SeededGenerator(seed: 4)
    let weights = random.normal(400)
    let projection = try #require(
      MaskProjection(.unstructured(0.1), fraction: 0.7, [20, 20]))
    #expect(projection.zeros == 280)
    for (progress, zeros) in [(0, 0), (0.25, 70), (0.5, 140), (1, 280)] {
      var part = weights
      projection.apply(&part, progress: progress)
      #expect(part.count { $0 == 0 } == zeros)
      #expect(zip(part, weights).allSatisfy { $0 == 0 || $0 == $1 })
    }
    #expect(MaskProjection(.block(0.5), fraction: 0.5, [4, 6]) == nil)
    #expect(MaskProjection(.unstructured(0.5), fraction: 7, [4, 6])?.zeros == 24)
    #expect(MaskProjection(.unstructured(0.5), fraction: -1, [4, 6])?.zeros == 0)
  }
}
