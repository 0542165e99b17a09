import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Whole networks, pruned by what they compute on samples.
@Suite struct SampledPruningTests {
  /// A sample without its accuracy measured, in little time: 28 images in several looks each, four held back.
  static func convert(
    _ name: String, _ pruning: ConversionOptions.Pruning = .unstructured(0.5),
    _ change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> Conversion {
    try Conversion(sample: name) { options in
      options.pruning = [pruning]
      options.calibration = Conversion.calibration
      options.samples = 32
      options.effort = .fast
      options.verificationSamples = 40
      change(&options)
    }
  }

  static func cosine(_ conversion: Conversion) throws -> Double {
    try #require(conversion.report.verification).cosine
  }

  /// Zeros and weights of all layers in the file.
  static func counts(_ conversion: Conversion) -> (zeros: Int, weights: Int) {
    let graph = conversion.model.graph
    var result = (zeros: 0, weights: 0)
    for node in graph.nodes where ["Conv", "Gemm", "MatMul"].contains(node.op) {
      guard let tensor = node.inputs[1].flatMap({ graph[$0].constant }) else { continue }
      result.zeros += tensor.shape.count - tensor.nonzeroCount
      result.weights += tensor.shape.count
    }
    return result
  }

  static func log(_ conversion: Conversion) -> [String] {
    conversion.report.passes.map(\.name)
  }

  @Test(arguments: SampleTests.names)
  func halfTheWeightsCostLessThanByMagnitude(_ name: String) throws {
    let sampled = try Self.convert(name)
    let ranked = try Self.convert(name) { $0.pruningMethod = .magnitude }
    #expect(try 1 - Self.cosine(sampled) < 0.5 * (1 - Self.cosine(ranked)))
    for conversion in [sampled, ranked] {
      let (zeros, weights) = Self.counts(conversion)
      #expect(abs(Double(zeros) - 0.5 * Double(weights)) <= 0.001 * Double(weights))
    }
    #expect(Self.log(sampled).contains("allocate") && Self.log(sampled).contains("prune"))
    #expect(!Self.log(sampled).contains("correct-statistics"))
    #expect(!Self.log(ranked).contains("allocate"))
    #expect(Self.log(ranked).contains("correct-statistics"))
  }

  @Test(arguments: SampleTests.names) func integersHaveTheZerosAskedFor(_ name: String) throws {
    let conversion = try Self.convert(name) { $0.quantization = .int8 }
    let (zeros, weights) = Self.counts(conversion)
    let part = Double(zeros) / Double(weights)
    // Small weights that eight bits would round to zero are kept.
    #expect(abs(part - 0.5) <= 0.001, "\(part)")
    #expect(try Self.cosine(conversion) > 0.97)
  }

  @Test func blocksAreCountedToo() throws {
    let sampled = try Self.convert("digits_resnet", .block(0.5))
    let (zeros, weights) = Self.counts(sampled)
    #expect(abs(Double(zeros) - 0.5 * Double(weights)) <= 0.002 * Double(weights))
    let ranked = try Self.convert("digits_resnet", .block(0.5)) { $0.pruningMethod = .magnitude }
    #expect(try 1 - Self.cosine(sampled) < 0.7 * (1 - Self.cosine(ranked)))
  }

  @Test func patternsHoldInTheFile() throws {
    let conversion = try Self.convert("digits_resnet", .pattern(keep: 2, of: 4))
    let graph = conversion.model.graph
    var dense = 0
    var pruned = 0
    for node in graph.nodes where node.op == "Conv" {
      let tensor = try #require(node.inputs[1].flatMap { graph[$0].constant })
      let (shape, elements) = (tensor.shape, tensor.floats())
      let taps = shape.dimensions[2...].reduce(1, *)
      if elements.allSatisfy({ $0 != 0 }) {
        dense += 1
        continue
      }
      pruned += 1
      for row in 0..<shape[0] * shape[1] / 4 {
        for tap in 0..<taps {
          let zeros = (0..<4).count { elements[(row * 4 + $0) * taps + tap] == 0 }
          #expect(zeros == 2, "\(node.name)")
        }
      }
    }
    // The first layer has one channel; the dearest layer stays dense as well.
    #expect(dense >= 1 && pruned > dense)
  }

  @Test func layersTakeThePartAskedForEach() throws {
    let names = try PruneTests.normalized("digits_resnet").nodes.filter { $0.op == "Conv" }
      .map(\.name)
    let conversion = try Self.convert("digits_resnet") {
      $0.pruningScope = .layer
      $0.layerRules = [.init(names[2], pruning: .unstructured(0.9))]
      $0.exclude = names[4]
    }
    let graph = conversion.model.graph
    for node in graph.nodes where node.op == "Conv" {
      let tensor = try #require(node.inputs[1].flatMap { graph[$0].constant })
      // The first layer has few weights, and stays as it is.
      let parts = [names[0]: 0, names[2]: 0.9, names[4]: 0]
      let wanted = (Double(tensor.shape.count) * (parts[node.name] ?? 0.5)).rounded()
      #expect(tensor.shape.count - tensor.nonzeroCount == Int(wanted), "\(node.name)")
    }
    #expect(!Self.log(conversion).contains("allocate"))
  }

  /// The old way stays: the same zeros, each weight what it was but for the factor of its channel.
  @Test func magnitudeGivesWhatItGave() throws {
    let conversion = try Self.convert("digits_resnet") {
      $0.pruningMethod = .magnitude
      $0.statisticsCorrection = .off
    }
    let without = try Self.convert("digits_resnet") { $0.calibration = nil }
    let floats = [conversion, without].map { conversion in
      conversion.model.graph.values.map { $0.constant?.floats() }
    }
    #expect(floats[0] == floats[1])
    let wanted = PruneTests.prune(try PruneTests.normalized("digits_resnet"), .unstructured(0.5))
    let zeros = wanted.layers.map { $0.after.count { $0 == 0 } }
    let graph = conversion.model.graph
    let found = graph.nodes.compactMap { node in
      node.op == "Conv" || node.op == "Gemm"
        ? node.inputs[1].flatMap { graph[$0].constant.map { $0.shape.count - $0.nonzeroCount } }
        : nil
    }
    // Layers of two branches may have changed places.
    #expect(found.sorted() == zeros.sorted())
  }

  @Test func distillingIsAChoice() throws {
    func passes(
      _ effort: ConversionOptions.Effort, _ distil: ConversionOptions.Switch
    ) throws -> [String] {
      try Self.log(
        Conversion(samplesFor: try NetworkFixture.named("branches"), count: 6) {
          $0.pruning = [.unstructured(0.5)]
          $0.effort = effort
          $0.distillation = distil
          // Whether it runs counts here, not what comes of it.
          $0.timeLimit = 1
        })
    }
    #expect(try !passes(.balanced, .off).contains("distil"))
    #expect(try !passes(.fast, .auto).contains("distil"))
    #expect(try passes(.balanced, .auto).contains("distil"))
    #expect(try passes(.fast, .on).contains("distil"))
  }

  @Test func withoutSamplesZerosAreRanked() throws {
    let path = try NetworkFixture.named("branches").path
    let ranked = try Conversion(path) { $0.pruning = [.unstructured(0.5)] }
    #expect(!Self.log(ranked).contains("allocate") && Self.log(ranked).contains("prune"))
  }
}
