import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// The samples, compressed as their README says.
@Suite struct SampleTests {
  struct Expected: Decodable {
    struct Model: Decodable {
      struct Accuracy: Decodable { let top1: Double }
      let file: String
      let f32: Accuracy
    }
    let models: [Model]
  }

  static func accuracy(of name: String) throws -> Double {
    let data = try Data(contentsOf: URL(filePath: "\(TestModel.samples)/expected.json"))
    let models = try JSONDecoder().decode(Expected.self, from: data).models
    return try #require(models.first { $0.file == "\(name).onnx" }).f32.top1
  }

  static let names = ["digits_resnet", "digits_mobile"]

  @Test(arguments: names)
  func floatAccuracyIsThatOfONNXRuntime(_ name: String) throws {
    let report = try Conversion(sample: name) { $0.data = Conversion.test }.report
    let accuracy = try #require(report.accuracy)
    #expect(accuracy.samples == 500 && accuracy.unreadable == 0)
    #expect(accuracy.before == (try Self.accuracy(of: name)))
    #expect(accuracy.after == accuracy.before)
  }

  @Test(arguments: names)
  func integersKeepTheAccuracyWithinOnePoint(_ name: String) throws {
    let conversion = try Conversion(sample: name) {
      $0.quantization = .int8
      $0.calibration = Conversion.calibration
      $0.data = Conversion.test
    }
    let accuracy = try #require(conversion.report.accuracy)
    #expect(accuracy.after >= (try Self.accuracy(of: name)) - 0.01, "\(accuracy.after)")
    let layers = conversion.operators.filter { $0.op == "Conv" || $0.op == "Gemm" }
    #expect(layers.allSatisfy { $0.input == .uint8 })
    #expect(conversion.report.leftInFloat.isEmpty)
    #expect(conversion.report.output.bytes * 5 < conversion.report.input.bytes * 2)
  }

  @Test(arguments: names)
  func halfTheWeightsInIntegersKeepTheAccuracyWithinThreePoints(_ name: String) throws {
    let conversion = try Conversion(sample: name) {
      $0.pruning = [.unstructured(0.5)]
      $0.distillation = .off
      $0.quantization = .int8
      $0.calibration = Conversion.calibration
      $0.data = Conversion.test
    }
    let accuracy = try #require(conversion.report.accuracy)
    #expect(accuracy.after >= (try Self.accuracy(of: name)) - 0.03, "\(accuracy.after)")
    #expect(!conversion.report.hasCollapsed)
  }

  @Test(
    arguments: names, [ConversionOptions.Quantization.fp16, .int8Weights, .int8Dynamic, .int8])
  func modesWithoutSamplesKeepTheAccuracyWithinOnePoint(
    _ name: String, _ mode: ConversionOptions.Quantization
  ) throws {
    let report = try Conversion(sample: name) {
      $0.quantization = mode
      $0.data = Conversion.test
    }.report
    let accuracy = try #require(report.accuracy)
    #expect(accuracy.after >= (try Self.accuracy(of: name)) - 0.01, "\(accuracy.after)")
    #expect(report.warnings.contains { $0.contains("dynamic") } == (mode == .int8))
  }

  @Test func singleZerosInIntegersPointToBlocks() throws {
    func advice(
      _ quantization: ConversionOptions.Quantization, _ prune: ConversionOptions.Pruning
    ) throws -> [String] {
      try Conversion(sample: "digits_mobile") {
        $0.quantization = quantization
        $0.pruning = [prune]
        $0.pruningMethod = .magnitude
      }.report.hints
    }
    let found = try advice(.int8, .unstructured(0.75))
    #expect(found.count == 1 && found.allSatisfy { $0.contains("--prune block:0.75") })
    #expect(try advice(.int8, .unstructured(0.4)).isEmpty)
    #expect(try advice(.none, .unstructured(0.75)).isEmpty)
    #expect(try advice(.int8, .block(0.75)).isEmpty)
  }

  @Test(arguments: names)
  func zerosOfPruningAreZerosOfTheFile(_ name: String) throws {
    let graph = try PruneTests.normalized(name)
    let total = graph.weightedNodes(.none).reduce(0) { $0 + (graph[$1.weights].shape?.count ?? 0) }
    for mode in [ConversionOptions.Quantization.none, .fp16, .int8Weights] {
      let result = try Conversion(sample: name) {
        $0.pruning = [.unstructured(0.5)]
        $0.quantization = mode
      }.model.graph
      let tensors = result.weightedNodes(.none).compactMap { result[$0.weights].constant }
      let zeros = tensors.reduce(0) { $0 + $1.shape.count - $1.nonzeroCount }
      let wanted = Int((Double(total) * 0.5).rounded())
      // Eight bits round small weights to zero as well.
      if mode == .int8Weights { #expect(zeros >= wanted) } else { #expect(zeros == wanted) }
    }
  }

  @Test(arguments: names)
  func integersTakeTheSameBytesWithAnyNumberOfThreads(_ name: String) throws {
    let files = try [1, 2, 3].map { threads in
      try Conversion(sample: name) {
        $0.pruning = [.unstructured(0.5)]
        $0.quantization = .int8
        $0.calibration = Conversion.calibration
        $0.threads = threads
      }.bytes
    }
    #expect(files[0] == files[1] && files[0] == files[2])
  }

  @Test func collapsesAreFlaggedAndWrittenAllTheSame() throws {
    let conversion = try Conversion(sample: "digits_resnet") {
      $0.pruning = [.unstructured(0.97)]
      $0.data = Conversion.test
      $0.maximumDrop = 0.01
      $0.verificationSamples = 100
    }
    let report = conversion.report
    #expect(report.hasCollapsed && report.missedTarget && !conversion.bytes.isEmpty)
    let blame = try #require(report.verification?.blame)
    let names = Set(conversion.model.graph.nodes.map(\.name))
    #expect(!blame.isEmpty && blame.allSatisfy { names.contains($0.node) })
    let warning = try #require(report.warnings.first { $0.contains("collapsed") })
    #expect(blame.allSatisfy { warning.contains("'\($0.node)'") })
    #expect(warning.contains("--exclude") && !warning.contains("\n"))
  }

  @Test func dropsWithinTheLimitMissNoTarget() throws {
    let report = try Conversion(sample: "digits_resnet") {
      $0.quantization = .int8Weights
      $0.data = Conversion.test
      $0.maximumDrop = 0.01
    }.report
    #expect(!report.missedTarget && !report.hasCollapsed)
  }
}
