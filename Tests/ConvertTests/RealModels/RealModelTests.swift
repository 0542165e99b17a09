import Datasets
import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Real models and data, where they are at hand: see `ONNXRealModelTests`.
@Suite struct RealModelTests {
  /// What Scripts/make-real-model-fixtures.py recorded of ONNX Runtime.
  struct Recorded: Decodable {
    struct Output: Decodable {
      let name: String
      let count: Int
      let largest: Float
      let first: Data
    }
    struct Model: Decodable {
      let name: String
      let seed: UInt64
      let outputs: [Output]
    }
    /// The samples that accuracies were measured on: the first of their data sets.
    let samples: Int
    let correct: [String: Int]
    let models: [Model]
  }

  static func recorded() throws -> Recorded {
    let file = URL(filePath: NetworkFixture.fixtures).appending(path: "real-models.json")
    return try JSONDecoder().decode(Recorded.self, from: try Data(contentsOf: file))
  }

  static let folder = ONNXRealModelTests.folder.path
  static let names = ONNXRealModelTests.models.map { String($0.dropLast(5)) }
  static let absence: Comment =
    "no real models: set PARE_DATA to a folder with models, mnist and cifar10"
  static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(path)")
  }

  @Test(.enabled(if: !names.isEmpty, absence), arguments: names)
  func everyModelConverts(_ name: String) throws {
    let conversion = try Conversion("\(Self.folder)/models/\(name).onnx") {
      $0.quantization = .int8Weights
      $0.verificationSamples = 1
    }
    #expect(conversion.report.verification?.cosine ?? 0 > 0.9)
    #expect(!conversion.report.hasCollapsed)
    _ = try conversion.model.interpreter()
  }

  @Test(.enabled(if: !names.isEmpty, absence))
  func outputsAreThoseOfONNXRuntime() throws {
    for model in try Self.recorded().models where Self.names.contains(model.name) {
      let path = "\(Self.folder)/models/\(model.name).onnx"
      let interpreter = try LoadedModel(path: path).interpreter(threads: 2)
      #expect(interpreter.outputs.map(\.name) == model.outputs.map(\.name), "\(model.name)")
      for (found, output) in zip(try interpreter.outputs(seed: model.seed), model.outputs) {
        let expected = Bytes([UInt8](output.first)).elements(as: Float.self)
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(found.count == output.count, "\(model.name): \(output.name)")
        // Small sigmoids: both are right to a rounding of one half, not to one of their own size.
        let tolerance = 1e-4 * output.largest + 2e-7
        #expect(worst <= tolerance, "\(model.name): \(output.name)")
        let largest = found.map(abs).max() ?? 0
        #expect(abs(largest - output.largest) <= tolerance, "\(model.name): \(output.name)")
      }
    }
  }

  /// How many of the first samples `name` puts into their class, and how many ONNX Runtime does.
  func correct(
    _ name: String, _ data: String, _ preset: String
  ) throws -> (found: Int, recorded: Int) {
    let recorded = try Self.recorded()
    let interpreter = try LoadedModel(path: "\(Self.folder)/models/\(name).onnx").interpreter()
    let accuracy = try Accuracy.measure(
      interpreter, try Dataset(path: "\(Self.folder)/\(data)"),
      preprocessing: Preprocessing.presets.first { $0.name == preset }, limit: recorded.samples)
    #expect(accuracy.predictions.count == recorded.samples)
    return (
      accuracy.predictions.count { $0.label == $0.top1 }, try #require(recorded.correct[name])
    )
  }

  @Test(.enabled(if: has("mnist") && has("models/mnist-8.onnx"), absence))
  func digitsAreReadAsByONNXRuntime() throws {
    let (found, recorded) = try correct("mnist-8", "mnist/t5k-images-idx3-ubyte.gz", "raw")
    #expect(found == recorded)
  }

  @Test(.enabled(if: has("cifar10") && has("models/cifar10_resnet20.onnx"), absence))
  func picturesAreReadAsByONNXRuntime() throws {
    // Decoders of JPEG differ by a level here and there.
    let (found, recorded) = try correct("cifar10_resnet20", "cifar10/test.tar", "cifar10")
    #expect(abs(found - recorded) <= 2)
  }
}
