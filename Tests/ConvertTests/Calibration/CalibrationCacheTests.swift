import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Ranges that are kept in a file.
@Suite struct CalibrationCacheTests {
  private func options(_ folder: String, _ name: String = "digits_resnet") -> ConversionOptions {
    var options = ConversionOptions(
      input: "\(TestModel.samples)/\(name).onnx", output: "\(folder)/out.pare")
    options.preprocessing = Preprocessing.presets.first { $0.name == "unit" }
    options.quantization = .int8
    options.samples = 16
    options.verificationSamples = 2
    options.calibrationCache = "\(folder)/ranges.json"
    return options
  }

  @Test func rangesOfACacheGiveTheSameWeightsAndRanges() throws {
    try withTemporaryFolder { folder in
      var first = options(folder)
      first.calibration = Conversion.calibration
      _ = try Converter.convert(first)
      let made = try LoadedModel(path: first.output).graph
      let second = options(folder)
      let report = try Converter.convert(second)
      #expect(report.passes.contains { $0.effect.contains("ranges.json") })
      let again = try LoadedModel(path: second.output).graph
      #expect(made.values.map(\.quantization) == again.values.map(\.quantization))
      #expect(
        made.values.map { $0.constant?.dense.array }
          == again.values.map { $0.constant?.dense.array })
    }
  }

  @Test func aCacheOfSomethingElseIsRefused() throws {
    try withTemporaryFolder { folder in
      var first = options(folder)
      first.calibration = Conversion.calibration
      _ = try Converter.convert(first)
      func problem(_ options: ConversionOptions) -> String {
        do {
          _ = try Converter.convert(options)
          return ""
        } catch { return "\(error)" }
      }
      #expect(problem(options(folder, "digits_mobile")).contains("another model"))
      var pruned = options(folder)
      pruned.pruning = [.unstructured(0.5)]
      #expect(problem(pruned).contains("--prune"))
      var missing = options(folder)
      missing.calibrationCache = "\(folder)/none.json"
      #expect(problem(missing).contains("cannot be made without --calibration"))
      // Damage anywhere is an error or other numbers, never a crash.
      let path = "\(folder)/ranges.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      for damaged in [
        "", "{}", String(text.dropLast(40)), text.replacing("\"low\"", with: "\"lo\""),
      ] {
        try damaged.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(problem(options(folder)).contains("calibration cache"))
      }
      let swapped = text.replacing("\"low\"", with: "\"x\"").replacing("\"high\"", with: "\"low\"")
        .replacing("\"x\"", with: "\"high\"")
      try swapped.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(problem(options(folder)).contains("no range"))
    }
  }
}
