import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Conversions that were killed and go on write the bytes that they would have written.
@Suite struct GoingOnTests {
  /// What a conversion came to.
  struct Outcome {
    let report: ConversionReport
    let bytes: [UInt8]
    let copies: CheckpointCopies
  }

  /// Converts in a folder of its own, from a checkpoint where there is one.
  static func convert(
    _ change: (inout ConversionOptions) -> Void, from checkpoint: Data? = nil
  ) throws -> Outcome {
    try withTemporaryFolder { folder in
      var options = SampleSetTests.options()
      options.output = folder + "/out.pare"
      options.verificationSamples = 8
      options.checkpointSeconds = 1e-3
      change(&options)
      try checkpoint?.write(to: URL(filePath: options.checkpoint))
      let copies = CheckpointCopies(of: options.checkpoint)
      let report = try Converter.convert(options) { copies.see($0) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.pare"])
      let data = try Data(contentsOf: URL(filePath: options.output))
      return Outcome(report: report, bytes: [UInt8](data), copies: copies)
    }
  }

  typealias Change = @Sendable (inout ConversionOptions) -> Void

  /// Several steps of pruning, a layer of its own, distillation; and states that do not fit into memory.
  static let changes: [Change] = [
    {
      $0.pruning = [.unstructured(0.5), .block(0.3)]
      $0.layerRules = [.init(".*blocks.2/conv1.*", pruning: .unstructured(0.7))]
      $0.effort = .fast
      $0.distillation = .on
      $0.quantization = .int8
    },
    {
      $0.pruning = [.pattern(keep: 2, of: 4)]
      $0.effort = .fast
      $0.distillation = .on
      $0.maximumMemory = 68 << 20
    },
    {
      $0.pruning = [.unstructured(0.6)]
      $0.pruningScope = .layer
      $0.distillation = .off
    },
  ]

  @Test(arguments: changes) func pruningGoesOnWithTheSameBits(_ change: Change) throws {
    let whole = try Self.convert(change)
    #expect(whole.report.resumed == nil)
    let copies = whole.copies.spread(5)
    #expect(copies.count > 3 && Set(copies.map(\.done)).count > 3)
    for copy in copies {
      let rest = try Self.convert(change, from: copy.data)
      let place = try #require(rest.report.resumed)
      #expect(rest.bytes == whole.bytes, "from \(place)")
      #expect(rest.copies.work == whole.copies.work - copy.done, "from \(place)")
      #expect(rest.report.warnings == whole.report.warnings)
    }
  }

  @Test func trainingGoesOnWithTheSameBits() throws {
    let change: Change = {
      $0.pruning = [.unstructured(0.7)]
      $0.trainingData = Conversion.test
      $0.epochs = 8
      $0.calibration = nil
      $0.quantization = .int8
    }
    let whole = try Self.convert(change)
    let copies = whole.copies.spread(4)
    #expect(copies.count > 2)
    for copy in copies {
      let rest = try Self.convert(
        {
          change(&$0); $0.threads = 2
        }, from: copy.data)
      let place = try #require(rest.report.resumed)
      #expect(place.hasPrefix("train, step "))
      #expect(rest.bytes == whole.bytes, "from \(place)")
      #expect(rest.copies.work == whole.copies.work - copy.done, "from \(place)")
    }
  }

  @Test func thoseOfOtherConversionsBeginAnew() throws {
    let change = Self.changes[2]
    let whole = try Self.convert(change)
    let copy = try #require(whole.copies.copies.last)
    for (seed, damage, restarts) in [(1, 0, false), (0, 9, false), (0, 0, true)] {
      let other: Change = {
        change(&$0)
        $0.seed = UInt64(seed)
        $0.restarts = restarts
      }
      let anew = try Self.convert(other, from: copy.data.dropLast(damage))
      #expect(anew.report.resumed == nil && anew.copies.work == whole.copies.work)
      let warnings = anew.report.warnings.filter { $0.contains("out.pare.checkpoint") }
      #expect(warnings.count == (restarts ? 0 : 1), "\(warnings)")
      if seed == 0 { #expect(anew.bytes == whole.bytes) }
    }
  }
}
