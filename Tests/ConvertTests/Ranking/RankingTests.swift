import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Rankings of a sample, without the command line.
@Suite struct RankingTests {
  static let samples = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../samples").standardized.path

  /// A ranking without labels, of two methods that work and one that does not.
  func rank(in folder: String) throws -> (report: RankReport, updates: [RankReport]) {
    let input = "\(Self.samples)/digits_mobile.onnx"
    let common = ConversionOptions(input: input)
    var settings = Ranking.Settings(common: common, folder: folder)
    settings.limit = 5
    settings.runs = 3
    var weights = common
    weights.quantization = .int8Weights
    var broken = common
    broken.exclude = "("
    var updates: [RankReport] = []
    let report = try Ranking.run(
      [
        RankMethod(name: "broken", options: broken, command: ""),
        RankMethod(name: "f32", options: common, command: ""),
        RankMethod(name: "a/b c", options: weights, command: ""),
      ], settings, update: { updates.append($0) })
    return (report, updates)
  }

  @Test func failuresAreRowsAndTheOthersGoOn() throws {
    try withTemporaryFolder { folder in
      let (report, updates) = try rank(in: folder)
      let rows = Dictionary(report.rows.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
      let broken = try #require(rows["broken"])
      #expect(broken.error?.contains("(") == true && broken.ranks == nil && broken.place == nil)
      #expect(report.rows.last?.name == "broken" && report.isComplete)
      for name in ["f32", "a/b c"] {
        let row = try #require(rows[name])
        let file = folder + "/" + (name == "f32" ? "f32.pare" : "a_b_c.pare")
        #expect(row.bytes == (try Data(contentsOf: URL(filePath: file)).count))
        #expect(row.error == nil && row.ranks?.overall != nil && row.artifact == nil)
        #expect(try #require(row.cpuSeconds) > 0)
        #expect(try #require(row.latencyMs).min > 0)
      }
      // The float file computes what the original does.
      #expect(report.measure == .agreement && report.samples == 5)
      #expect(rows["f32"]?.accuracy == 1 && rows["f32"]?.drop == 0)
      #expect(report.original.bytes == 313_084)
      // One for each method, one for each round of runs, one for the end.
      #expect(updates.count == 3 + 3 + 1)
      #expect(updates[1].rows.count == 2 && !updates[5].isComplete)
    }
  }

  @Test func turnsGoRoundAndFailuresDropOut() throws {
    let loaded = try LoadedModel(path: "\(Self.samples)/digits_mobile.onnx")
    let networks = try (0..<2).map { _ in try TimedNetwork(try loaded.interpreter()) }
    var rounds: [Int] = []
    let seconds = TimedNetwork.interleaved(networks, rounds: 3, runs: 4) { round, seconds in
      rounds.append(round)
      #expect(seconds.allSatisfy { $0.count == 4 * round })
    }
    #expect(rounds == [1, 2, 3] && seconds.map(\.count) == [12, 12])
    #expect(seconds.joined().allSatisfy { $0 > 0 })
    let latency = try #require(Latency(seconds: [5, 1, 2, 4, 3]))
    #expect(latency.median == 3000 && latency.min == 1000 && latency.p90 == 5000)
    #expect(latency.p10 == 1000)
    #expect(Latency(seconds: []) == nil)
  }

  @Test func passesAddUpToNoMoreThanTheConversion() throws {
    try withTemporaryFolder { folder in
      var options = ConversionOptions(
        input: "\(Self.samples)/digits_mobile.onnx", output: folder + "/out.pare")
      options.pruning = [.unstructured(0.5)]
      options.quantization = .int8
      options.calibration = "\(Self.samples)/digits/calibration"
      options.samples = 10
      let report = try Converter.convert(options)
      #expect(report.passes.allSatisfy { $0.cpuSeconds >= 0 && $0.peakGrowthBytes >= 0 })
      #expect(report.passes.reduce(0) { $0 + $1.cpuSeconds } <= report.cpuSeconds + 1e-6)
      #expect(report.passes.reduce(0) { $0 + $1.seconds } <= report.seconds + 1e-6)
      #expect(report.cpuSeconds > 0)
      #expect(report.passes.first { $0.name == "calibrate" }?.calibrationSamples == 10)
      // Peaks only ever rise.
      #expect(
        zip(report.passes, report.passes.dropFirst()).allSatisfy {
          $0.peakRssBytes <= $1.peakRssBytes
        })
    }
  }
}
