import Datasets
import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// A conversion in a folder of its own.
struct Conversion {
  let report: ConversionReport
  let bytes: [UInt8]
  let model: LoadedModel

  static let calibration = "\(TestModel.samples)/digits/calibration"
  static let test = "\(TestModel.samples)/digits/test"

  /// Converts the file at `path`; `change` sets options.
  init(_ path: String, _ change: (inout ConversionOptions) throws -> Void = { _ in }) throws {
    (report, bytes, model) = try withTemporaryFolder { folder in
      var options = ConversionOptions(input: path, output: "\(folder)/out.pare")
      options.verificationSamples = 8
      try change(&options)
      let report = try Converter.convert(options)
      let data = try Data(contentsOf: URL(filePath: options.output))
      // The mapping outlives the file's name.
      let loaded = try LoadedModel(path: options.output)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names.allSatisfy { $0 == "out.pare" || $0.hasSuffix(".npy") }, "\(names)")
      return (report, [UInt8](data), loaded)
    }
  }

  /// Converts a sample, with its own preprocessing.
  init(sample name: String, _ change: (inout ConversionOptions) -> Void) throws {
    try self.init("\(TestModel.samples)/\(name).onnx") { options in
      options.preprocessing = Preprocessing.presets.first { $0.name == "unit" }
      change(&options)
    }
  }

  /// Converts a fixture with one input to static int8, calibrated on `samples` random arrays.
  init(integers fixture: NetworkFixture, samples: Int = 4, seed: UInt64 = 500) throws {
    try self.init(samplesFor: fixture, count: samples, seed: seed) { $0.quantization = .int8 }
  }

  /// Converts a fixture with one input, given `count` random arrays to calibrate with.
  init(
    samplesFor fixture: NetworkFixture, count: Int, seed: UInt64 = 500,
    _ change: (inout ConversionOptions) -> Void
  ) throws {
    let graph = try TestModel(name: fixture.name, path: fixture.path).graph()
    let shape = try #require(graph.inputs.first.flatMap { graph[$0].shape })
    var random = SeededGenerator(seed: seed)
    let arrays = try (0..<count).map { _ in
      try NumericArray(
        type: .float32, shape: shape, bytes: Bytes(elements: random.uniform(shape.count)).array)
    }
    try self.init(fixture.path) { options in
      let folder = URL(filePath: options.output).deletingLastPathComponent().path
      for (index, array) in arrays.enumerated() {
        try array.writeNPY(to: "\(folder)/\(index).npy")
      }
      options.calibration = folder
      change(&options)
    }
  }

  /// The type that each operator's activations have: `Conv` in integers is `uint8`.
  var operators: [(op: String, input: ElementType?, output: ElementType?)] {
    model.graph.nodes.map { node in
      func type(_ id: ValueID??) -> ElementType? { (id ?? nil).map { model.graph[$0].type } }
      return (node.op, type(node.inputs.first), type(node.outputs.first))
    }
  }
}
