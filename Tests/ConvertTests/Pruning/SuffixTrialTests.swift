import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Networks that differ from one layer on are measured from there.
@Suite struct SuffixTrialTests {
  private static func options(_ memory: Int?) -> ConversionOptions {
    var options = ConversionOptions(input: "built")
    options.samples = 12
    options.maximumMemory = memory
    return options
  }

  /// The errors with one layer after the other pruned, from that layer on and from the beginning.
  private static func errors(
    _ dense: Graph, memory: Int?, most: Int = .max
  ) throws -> [(suffix: Double, whole: Double)] {
    let options = options(memory)
    var samples = try SampleSet(options, dense)
    let trial = try Trial(try Interpreter(dense), &samples, limit: 12, threads: 1)
    var suffixes = SuffixTrial(trial, most: most, dense: dense, options: options)
    return try dense.weightedNodes(.none).map { layer in
      try suffixes.begin(at: layer)
      var graph = dense
      let half = Prune(specification: .unstructured(0.5), scope: .layer)
      _ = half.apply(&graph, [layer])
      return (try suffixes.error(of: graph).loss, try trial.error(of: graph, limit: most).loss)
    }
  }

  /// With little memory networks run as a whole.
  @Test(arguments: [nil, 1 << 20, 16_000])
  func theErrorIsThatOfTheWholeNetwork(_ memory: Int?) throws {
    let found = try Self.errors(ChannelPermutationTests.network(hasScores: false), memory: memory)
    #expect(found.count == 9)
    for error in found { #expect(error.suffix == error.whole && error.whole > 0) }
    let few = try Self.errors(
      ChannelPermutationTests.network(hasScores: false), memory: memory, most: 3)
    for (some, all) in zip(few, found) {
      #expect(some.suffix == some.whole && some.whole != all.whole)
    }
  }

  @Test func earlyOutputsCountAsWell() throws {
    let dense = try PrunedLayerTests.residualNetwork(isBranchSeen: true)
    for error in try Self.errors(dense, memory: nil) {
      #expect(error.suffix == error.whole && error.whole > 0)
    }
  }

  /// Weights that two layers share change the first one too.
  @Test func sharedWeightsAreMeasuredFromTheFirst() throws {
    var builder = TestSupport.GraphBuilder(seed: 5)
    let x = builder.input([1, 4, 6, 6])
    let weights = builder.weights(4, 4, 3, 3)
    let pads: [String: Attribute] = ["pads": .ints([1, 1, 1, 1])]
    let first = builder.node("Conv", x, weights, attributes: pads, name: "first")
    let second = builder.node(
      "Conv", builder.node("Relu", first), weights, attributes: pads, name: "second")
    var dense = builder.finish(second)
    try dense.inferShapes()
    for error in try Self.errors(dense, memory: nil) {
      #expect(error.suffix == error.whole && error.whole > 0)
    }
  }
}
