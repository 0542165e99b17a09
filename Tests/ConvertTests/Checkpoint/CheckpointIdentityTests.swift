import Datasets
import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Which conversions a checkpoint is of.
@Suite struct CheckpointIdentityTests {
  static let options = ConversionOptions(input: "a.onnx", output: "a.pare")

  static func identity(
    _ change: (inout ConversionOptions) -> Void = { _ in }, source: String = "s"
  ) -> CheckpointIdentity {
    var options = Self.options
    change(&options)
    return CheckpointIdentity(options, source: source)
  }

  typealias Change = @Sendable (inout ConversionOptions) -> Void

  static let related: [(String, Change)] = [
    ("pruning", { $0.pruning = [.unstructured(0.5)] }),
    ("pruning", { $0.pruning = [.block(0.5)] }),
    ("pruningScope", { $0.pruningScope = .layer }),
    ("pruningMethod", { $0.pruningMethod = .secondOrder }),
    ("quantization", { $0.quantization = .int8 }),
    ("layerRules", { $0.layerRules = [.init("a", pruning: .unstructured(0.5))] }),
    ("effort", { $0.effort = .fast }),
    ("distillation", { $0.distillation = .off }),
    ("epochs", { $0.epochs = 3 }),
    ("samples", { $0.samples = 3 }),
    ("preprocessing", { $0.preprocessing = Preprocessing.presets[0] }),
    ("preprocessing", { $0.preprocessing = Preprocessing(mean: [0.5]) }),
    ("inputShapes", { $0.inputShapes = ["x": [1, 2], "y": [3]] }),
    ("seed", { $0.seed = 1 }),
    ("maximumMemory", { $0.maximumMemory = 1 << 30 }),
    ("dropsFirstClass", { $0.dropsFirstClass = true }),
    ("exclude", { $0.exclude = "a" }),
    ("sparseEncoding", { $0.sparseEncoding = .bitmask }),
    ("target", { $0.target = .arm64Dot }),
  ]

  @Test func optionsThatChangeTheResultAreOtherConversions() {
    let plain = Self.identity()
    var seen: Set<[UInt8]> = [plain.digest]
    for (name, change) in Self.related {
      let other = Self.identity(change)
      #expect(seen.insert(other.digest).inserted, "\(name)")
      #expect(plain.differences(from: other.encoded) == [name])
    }
    let model = Self.identity(source: "other")
    #expect(plain.differences(from: model.encoded) == ["model"])
    #expect(plain.differences(from: plain.encoded).isEmpty)
    #expect(plain.differences(from: [1, 2, 3]).isEmpty)
  }

  @Test func otherOptionsAreNot() {
    let changes: [String: Change] = [
      "input": { $0.input = "b.onnx" }, "output": { $0.output = "b.pare" },
      "threads": { $0.threads = 7 }, "isDryRun": { $0.isDryRun = true },
      "verificationSamples": { $0.verificationSamples = 0 },
      "recordsCosts": { $0.recordsCosts = true }, "timeLimit": { $0.timeLimit = 1 },
      "checkpointSeconds": { $0.checkpointSeconds = 1 }, "restarts": { $0.restarts = true },
      "release": { $0.release = 2 },
    ]
    #expect(Set(changes.keys) == CheckpointIdentity.unrelated)
    // Names are those of the options: one that was renamed would count.
    let labels = Set(Mirror(reflecting: Self.options).children.compactMap(\.label))
    #expect(CheckpointIdentity.unrelated.isSubset(of: labels))
    for (name, change) in changes {
      #expect(Self.identity(change) == Self.identity(), "\(name)")
    }
  }

  /// The order of a dictionary differs from one to the next.
  @Test func theSameOptionsAreTheSameConversion() {
    let names = (0..<20).map { "input \($0)" }
    let one = Self.identity { for name in names { $0.inputShapes[name] = [1] } }
    let two = Self.identity { for name in names.reversed() { $0.inputShapes[name] = [1] } }
    #expect(one == two)
  }

  @Test func otherSamplesAreAnotherConversion() throws {
    try withTemporaryFolder { folder in
      func write(_ name: String, _ value: Float) throws {
        try NumericArray(
          type: .float32, shape: [1, 2], bytes: Bytes(elements: [value, 1]).array
        ).writeNPY(to: "\(folder)/\(name).npy")
      }
      for index in 0..<5 { try write("\(index)", Float(index)) }
      func identity() -> CheckpointIdentity {
        Self.identity { $0.calibration = folder }
      }
      let first = identity()
      #expect(identity() == first)
      // Another value in a file of the same size, another name, one more.
      try write("3", 9)
      let second = identity()
      #expect(first.differences(from: second.encoded) == ["samples of calibration"])
      try FileManager.default.moveItem(atPath: "\(folder)/4.npy", toPath: "\(folder)/7.npy")
      let third = identity()
      #expect(third != second)
      try write("8", 0)
      #expect(identity() != third)
      // Nothing is there: what needs the samples will say so.
      #expect(Self.identity { $0.calibration = folder + "/nothing" } != third)
    }
  }
}
