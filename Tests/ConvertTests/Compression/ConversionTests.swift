import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// What a converted file is, whatever was asked for.
@Suite struct ConversionTests {
  /// Fixtures whose only input is a float array.
  static let fixtures = NetworkFixture.all.filter { $0.name != "two-inputs" }

  func expectFace(of fixture: NetworkFixture, on conversion: Conversion) throws {
    let original = try LoadedModel(path: fixture.path).interpreter()
    let result = try conversion.model.interpreter()
    #expect(result.inputs.map(\.name) == original.inputs.map(\.name))
    #expect(result.inputs.map(\.type) == original.inputs.map(\.type))
    #expect(result.inputs.map(\.shape) == original.inputs.map(\.shape))
    #expect(result.outputs.map(\.name) == original.outputs.map(\.name))
    #expect(result.outputs.map(\.type) == original.outputs.map(\.type))
    #expect(result.outputs.map(\.shape) == original.outputs.map(\.shape))
  }

  @Test(arguments: NetworkFixture.all)
  func floatFilesComputeWhatTheSourceDoes(_ fixture: NetworkFixture) throws {
    let conversion = try Conversion(fixture.path)
    try expectFace(of: fixture, on: conversion)
    for (found, output) in zip(
      try conversion.model.interpreter().outputs(seed: fixture.seed), fixture.outputs)
    {
      #expect(error(found, output.floats) < 1e-4, "\(output.name)")
    }
    let proof = try #require(conversion.report.verification)
    #expect(proof.cosine > 0.99999 && !conversion.report.hasCollapsed)
    #expect(conversion.report.output.bytes == conversion.bytes.count)
  }

  @Test(
    arguments: NetworkFixture.all,
    [ConversionOptions.Quantization.fp16, .int8Weights, .int8Dynamic, .int8])
  func compressedFilesKeepTheirFace(
    _ fixture: NetworkFixture, _ mode: ConversionOptions.Quantization
  ) throws {
    let conversion = try Conversion(fixture.path) { $0.quantization = mode }
    try expectFace(of: fixture, on: conversion)
    let proof = try #require(conversion.report.verification)
    #expect(proof.cosine > (mode == .fp16 ? 0.9999 : 0.98), "\(proof.cosine)")
  }

  @Test(arguments: [ConversionOptions.Quantization.none, .int8Dynamic])
  func weightsInTheOrderOfKernelsGiveTheSameBits(_ mode: ConversionOptions.Quantization) throws {
    var reordered = 0
    for fixture in NetworkFixture.all {
      let plain = try Conversion(fixture.path) { $0.quantization = mode }
      let stored = try Conversion(fixture.path) { options in
        options.quantization = mode
        options.target = .x86AVX512VNNI
      }
      reordered += stored.report.encodings["panels"] ?? 0
      #expect(
        try stored.model.interpreter().outputs(seed: fixture.seed)
          == plain.model.interpreter().outputs(seed: fixture.seed), "\(fixture.name)")
      for (a, b) in zip(plain.model.graph.values, stored.model.graph.values) {
        #expect(a.constant?.floats() == b.constant?.floats())
      }
    }
    #expect(reordered > 0)
  }

  @Test(arguments: fixtures)
  func integerFilesKeepTheirFace(_ fixture: NetworkFixture) throws {
    let conversion = try Conversion(integers: fixture)
    try expectFace(of: fixture, on: conversion)
    let proof = try #require(conversion.report.verification)
    #expect(proof.source == "calibration" && proof.samples == 4)
    #expect(proof.cosine > 0.97, "\(proof.cosine)")
  }

  @Test(arguments: fixtures)
  func integerFilesGiveTheSameBitsWithAnyNumberOfThreads(_ fixture: NetworkFixture) throws {
    let model = try Conversion(integers: fixture).model
    let single = try model.interpreter(threads: 1).outputs(seed: 5)
    for threads in 2...3 {
      let outputs = try model.interpreter(threads: threads).outputs(seed: 5)
      #expect(outputs.map { $0.map(\.bitPattern) } == single.map { $0.map(\.bitPattern) })
    }
  }

  @Test func aFloatIslandLiesBetweenIntegers() throws {
    let conversion = try Conversion(integers: try NetworkFixture.named("island"))
    let layers = conversion.operators.filter { $0.op == "Conv" || $0.op == "Gemm" }
    #expect(layers.count == 3 && layers.allSatisfy { $0.input == .uint8 })
    #expect(layers.last?.output == .float32)
    let island = conversion.operators.filter { $0.op == "LRN" || $0.op == "Exp" }
    #expect(island.count == 2 && island.allSatisfy { $0.input == .float32 })
    #expect(conversion.operators.count { $0.op == "QuantizeLinear" } == 2)
    // What only float operators read is stored as floats.
    #expect(layers[0].output == .float32)
    #expect(conversion.operators.count { $0.op == "DequantizeLinear" } == 0)
    #expect(conversion.report.leftInFloat.isEmpty)
  }

  @Test(arguments: fixtures)
  func productsForAConcatAloneHaveItsParameters(_ fixture: NetworkFixture) throws {
    let graph = try Conversion(integers: fixture).model.graph
    let index = GraphIndex(graph)
    for (position, node) in graph.nodes.enumerated() where node.op == "Concat" {
      guard let output = node.outputs[0], graph[output].type == .uint8 else { continue }
      for case let input? in node.inputs {
        guard let producer = index.producer[input.index], index.onlyConsumer(of: input) == position,
          ["Conv", "Gemm"].contains(graph.nodes[producer].op),
          graph.nodes[producer].inputs.count < 4
        else { continue }
        #expect(graph[input].quantization == graph[output].quantization)
      }
    }
  }

  @Test func quantizedProductsAreWrittenWhereAConcatPutsThem() throws {
    let model = try Conversion(integers: try NetworkFixture.named("branches")).model
    #expect(try model.interpreter().steps.contains { $0.kernel == "concat in place" })
  }

  @Test func excludedLayersStayInFloat() throws {
    let path = try NetworkFixture.named("island").path
    let conversion = try Conversion(path) {
      $0.quantization = .int8Weights
      $0.exclude = "after"
    }
    let types = conversion.model.graph.nodes.filter { $0.op == "Conv" }
      .compactMap { $0.inputs[1].flatMap { conversion.model.graph[$0].constant?.type } }
    #expect(types == [.int8, .float32])
  }

  @Test func halfPrecisionTakesHalfTheBytes() throws {
    let plain = try Conversion(sample: "digits_resnet") { _ in }
    let half = try Conversion(sample: "digits_resnet") { $0.quantization = .fp16 }
    let totals = try #require(plain.report.totals)
    let halved = try #require(half.report.totals)
    #expect(abs(Double(halved.weightBytes) / Double(totals.weightBytes) - 0.5) < 0.01)
    #expect(halved.parameters == totals.parameters && halved.macs == totals.macs)
  }

  @Test func dryRunsWriteNothing() throws {
    let path = try NetworkFixture.named("island").path
    try withTemporaryFolder { folder in
      var options = ConversionOptions(input: path, output: "\(folder)/out.pare")
      options.isDryRun = true
      let report = try Converter.convert(options)
      #expect(report.isDryRun && report.output.bytes > 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func resultsLargerThanTheirSourceAreFlagged() throws {
    let report = try Conversion(try NetworkFixture.named("constant-outputs").path).report
    #expect(report.isLarger)
    #expect(report.warnings.contains { $0.contains("larger than the source") })
    let smaller = try Conversion(sample: "digits_resnet") { $0.quantization = .fp16 }.report
    #expect(!smaller.isLarger && !smaller.warnings.contains { $0.contains("larger") })
  }

  @Test func halfPrecisionLeavesScalesOfResizeAlone() throws {
    let conversion = try Conversion("\(ONNXFixture.folder)/resize-corners.onnx") {
      $0.quantization = .fp16
    }
    let graph = conversion.model.graph
    let resize = try #require(graph.nodes.first { $0.op == "Resize" })
    let scales = try #require(resize.inputs[2].flatMap { graph[$0].constant })
    #expect(scales.type == .float32)
  }
}
