import Foundation
import Interpreter
import Metadata
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Convert

/// What is exported means the same when it comes back.
@Suite struct ONNXExportTests {
  static let networks =
    NetworkFixture.all + NetworkFixture.exports + NetworkFixture.controlFlow
    + NetworkFixture.runtime + NetworkFixture.quantized

  /// Exports `model`, and calls `body` with the path.
  static func exported<R>(
    _ model: LoadedModel, opset: Int? = nil, _ body: (String, ONNXExporter.Report) throws -> R
  ) throws -> R {
    try withTemporaryFolder { folder in
      let path = "\(folder)/out.onnx"
      let report = try ONNXExporter.export(model, to: path, opset: opset)
      return try body(path, report)
    }
  }

  @Test func everyOperatorHasAForm() {
    #expect(ExportTable.operators == Operator.table.map(\.name).sorted())
  }

  @Test(arguments: networks, [13, 17, 21, 24])
  func computesWhatONNXRuntimeComputes(_ fixture: NetworkFixture, _ opset: Int) throws {
    let model = try LoadedModel(path: fixture.path)
    do {
      try Self.exported(model, opset: opset) { path, report in
        #expect(report.opset == opset && report.path == path)
        let again = try LoadedModel(path: path)
        #expect(again.opset == opset)
        let interpreter = try again.interpreter()
        let outputs = try interpreter.outputs(seed: fixture.seed)
        #expect(outputs.count == fixture.outputs.count)
        let isQuantized = model.graph.nodes.contains { $0.op.contains("Quantize") }
        // Layers that ONNX Runtime quantizes at each step are float here: it is no reference for those.
        let isReference = !fixture.name.hasPrefix("dynamic-lstm")
        let own = try isReference ? [] : model.interpreter().outputs(seed: fixture.seed)
        for (place, output) in fixture.outputs.enumerated() {
          let expected = isReference ? output.floats : own[place]
          #expect(error(outputs[place], expected) < (isQuantized ? 0.05 : 1e-4), "\(output.name)")
        }
      }
    } catch let error as ExportError {
      // What an operator set lacks is said, with the one that has it.
      guard case .operators(_, opset, let problems) = error else { throw error }
      for problem in problems {
        let needed = try #require(problem.opset, "\(error)")
        #expect(needed > opset && needed <= 24, "\(error)")
      }
      #expect(!problems.isEmpty && opset < 24)
    }
  }

  @Test(arguments: NetworkFixture.quantized)
  func integersComeBackWithTheSameBits(_ fixture: NetworkFixture) throws {
    let model = try Conversion(fixture.path).model
    let expected = try model.interpreter().outputs(seed: 5)
    try Self.exported(model) { path, report in
      #expect(report.integerNodes >= 12)
      let again = try Conversion(path).model
      #expect(again.graph.nodes.count <= model.graph.nodes.count)
      #expect(try again.interpreter().outputs(seed: 5) == expected)
    }
  }

  @Test(arguments: NetworkFixture.exported)
  func exportedSamplesGiveWhatONNXRuntimeGives(_ fixture: NetworkFixture) throws {
    #expect(NetworkFixture.exported.count == 3)
    let isStatic = fixture.name.contains("int8")
    let model = try Conversion(fixture.path).model
    let integers = model.graph.nodes.count { node in
      node.inputs.contains { $0.map { model.graph[$0].type == .uint8 } ?? false }
    }
    #expect(isStatic ? integers >= 12 : integers > 0)
    let found = try model.interpreter().outputs(seed: fixture.seed)
    for (output, expected) in zip(found, fixture.outputs) {
      #expect(error(output, expected.floats) < (isStatic ? 1e-6 : 0.02))
    }
  }

  @Test func outputsOfUnknownExtentsHaveARank() throws {
    var builder = GraphBuilder()
    let x = builder.input([4, 4])
    let graph = builder.finish(builder.node("Transpose", builder.node("NonZero", x)))
    var scope = ExportScope(graph, opset: 17, names: NameSupply())
    scope.declare(inputs: graph.inputs, outputs: graph.outputs)
    #expect(scope.draft.outputs.map(\.rank) == [2] && scope.draft.outputs[0].shape == nil)
  }

  static let modes: [ConversionOptions.Quantization] = [
    .none, .fp16, .int8Weights, .int8Dynamic, .int8,
  ]

  @Test(arguments: ["digits_resnet", "digits_mobile"], modes)
  func samplesComeBack(_ name: String, _ mode: ConversionOptions.Quantization) throws {
    let model = try Conversion(sample: name) { options in
      options.quantization = mode
      options.calibration = Conversion.calibration
      options.samples = 8
      if mode == .int8 { options.pruning = [.block(0.5)] }
    }.model
    let expected = try model.interpreter().outputs(seed: 9)
    try Self.exported(model) { path, report in
      let again = try Conversion(path).model
      let found = try again.interpreter().outputs(seed: 9)
      switch mode {
      case .int8:
        #expect(found == expected)
        var zeros = 0
        for case let tensor? in again.graph.values.map(\.constant) where tensor.type == .int8 {
          zeros += tensor.shape.count - tensor.nonzeroCount
        }
        #expect(zeros > 20_000 && report.integerNodes > 8)
      case .int8Dynamic: #expect(error(found[0], expected[0]) < 0.02)
      default: #expect(error(found[0], expected[0]) < 1e-5)
      }
      // Weights are no larger than in the artifact.
      let bytes = try #require(
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
      #expect(bytes == report.bytes)
      if mode == .int8 || mode == .int8Dynamic || mode == .int8Weights { #expect(bytes < 140_000) }
      if mode == .fp16 { #expect(bytes < 190_000) }
    }
  }

  @Test func theSameModelGivesTheSameBytes() throws {
    let model = try LoadedModel(path: "\(TestModel.samples)/digits_mobile.onnx")
    func bytes() throws -> Data {
      try Self.exported(model) { path, _ in try Data(contentsOf: URL(filePath: path)) }
    }
    #expect(try bytes() == bytes())
  }

  @Test func metadataGoesAlong() throws {
    let model = try Conversion(sample: "digits_resnet") { options in
      options.labels = ["zero", "one"]
    }.model
    try Self.exported(model) { path, _ in
      let entries = try LoadedModel(path: path).metadata.sourceEntries
      #expect(entries.first { $0.key == "pare.labels" }?.value == "zero\none")
      let steps = try #require(entries.first { $0.key == "pare.preprocessing" }?.value)
      #expect(steps == "name=unit;color=rgb;layout=nchw;divisor=255.0;mean=0.0;std=1.0")
    }
  }

  @Test func whatCannotBeWrittenIsRefused() throws {
    let path = "\(TestModel.samples)/digits_mobile.onnx"
    let model = try LoadedModel(path: path)
    func refusal(_ output: String, opset: Int? = nil) -> String? {
      do throws(ExportError) {
        _ = try ONNXExporter.export(model, to: output, opset: opset)
        return nil
      } catch { return error.description }
    }
    #expect(refusal(path)?.contains("is the source") == true)
    #expect(refusal("/nowhere/there/out.onnx")?.isEmpty == false)
    for opset in [Int.min, 0, 12, 25, Int.max] {
      #expect(refusal("/nowhere/out.onnx", opset: opset)?.contains("those from 13 to 24") == true)
    }
  }

  @Test func allThatAnOperatorSetLacksIsNamed() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 4, 6])
    let a = builder.node("BlackmanWindow", builder.constant(Tensor([Int64(4)], shape: [])))
    let y = builder.node("BitwiseNot", builder.node("Cast", x, attributes: ["to": .int(6)]))
    let graph = builder.finish(a, y)
    var problems = ExportProblems()
    var scope = ExportScope(graph, opset: 13, names: NameSupply())
    scope.translate(&problems)
    #expect(problems.list.map(\.op) == ["BlackmanWindow", "BitwiseNot"])
    #expect(problems.list.map(\.opset) == [17, 18])
    let text = ExportError.operators(path: "m", opset: 13, problems.list).description
    #expect(text.hasSuffix("say --opset 18"))
  }
}
