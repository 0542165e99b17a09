import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Searches for a goal, on the sample network and its digits.
@Suite(.serialized) struct SearchTests {
  private func search(
    stop: StopSignal? = nil, _ change: (inout ConversionOptions) -> Void
  ) throws -> (report: ConversionReport, bytes: Int) {
    try withTemporaryFolder { folder in
      var options = ConversionOptions(
        input: "\(TestModel.samples)/digits_resnet.onnx", output: "\(folder)/out.pare")
      options.preprocessing = Preprocessing.presets.first { $0.name == "unit" }
      options.calibration = Conversion.calibration
      options.samples = 32
      options.verificationSamples = 4
      options.effort = .fast
      change(&options)
      let report = try Converter.convert(options, stop: stop)
      return (report, try Data(contentsOf: URL(filePath: options.output)).count)
    }
  }

  @Test func aTargetSizeIsMet() throws {
    let found = try search { $0.targetBytes = 70_000 }
    let search = try #require(found.report.search)
    #expect(search.isMet && !found.report.missedTarget)
    #expect(found.bytes <= 70_000)
    // Most of what is allowed is used.
    #expect(found.bytes > 60_000, "\(found.bytes)")
    #expect(!found.report.hasCollapsed)
    #expect(Set(found.report.choices.map(\.treatment)).count > 1)
    #expect(found.report.choices.allSatisfy { !$0.reason.isEmpty })
  }

  @Test func whatCannotBeReachedIsSaidAndTheBestIsWritten() throws {
    let found = try search { $0.targetBytes = 9_000 }
    #expect(found.report.missedTarget)
    #expect(found.report.search?.isMet == false)
    #expect(found.bytes > 9_000 && found.bytes < 60_000)
  }

  @Test func aSearchThatIsStoppedWritesWhatItHas() throws {
    let stop = StopSignal()
    stop.give()
    let found = try search(stop: stop) { $0.targetBytes = 90_000 }
    let search = try #require(found.report.search)
    #expect(search.stopped == "interrupted")
    #expect(search.sensitivity.isPartial)
    #expect(search.steps.count == 1)
    #expect(found.bytes == found.report.output.bytes)
  }

  @Test func aLossIsKept() throws {
    let found = try search { options in
      options.quantization = .auto
      options.data = Conversion.test
      options.maximumDrop = 0.01
    }
    let search = try #require(found.report.search)
    #expect(search.isMet && !found.report.missedTarget)
    let accuracy = try #require(found.report.accuracy)
    #expect(accuracy.before - accuracy.after <= 0.01 + 1e-9)
    #expect(found.bytes < 89_000)
  }

  @Test func autoWithoutSamplesIsSmallAndComputesInIntegers() throws {
    let found = try search { options in
      options.quantization = .auto
      options.calibration = nil
    }
    #expect(found.report.search?.isMet == true)
    #expect(found.report.choices.contains { $0.treatment == "int8 dynamic" })
    #expect(found.bytes < 120_000, "\(found.bytes)")
  }

  @Test func layersStayFloatWhereRulesSaySo() throws {
    let found = try search { options in
      options.quantization = .int8
      options.layerRules = [.init(".*", quantization: ConversionOptions.Quantization.none)]
    }
    #expect(found.report.search == nil)
    #expect(found.bytes > 300_000)
  }
}
