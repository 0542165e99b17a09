import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// `pare rank`: its table, its object, its page, and its end when interrupted.
@Suite struct RankTests {
  static let quick = [
    "--methods", "f32,int8-weights,int8", "--calibration",
    "\(Command.samples)/digits/calibration", "--samples", "10", "--preprocess", "unit", "--runs",
    "4",
  ]
  static let data = ["--data", "\(Command.samples)/digits/test", "--limit", "40"]

  @Test func rankingsPrintOneObjectAndWriteOnePage() throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        ["pare", "rank", Command.resnet, "--json", "--html", "page.html", "--keep", "kept"]
          + Self.quick + Self.data
          + ["--method", "gone=--prune 1", "--method", "odd=--exclude ("], in: folder)
      #expect(command.code == 0)
      // Tests run side by side: times say little here, and the ranking may say so.
      let errors = command.errorLines.filter { !$0.contains("the machine was busy") }
      #expect(errors.isEmpty, "\(errors)")
      let object = try command.json()
      let rows = try #require(object["rows"] as? [[String: Any]])
      #expect(
        rows.prefix(3).compactMap { $0["name"] as? String }.sorted() == [
          "f32", "int8", "int8-weights",
        ])
      for row in rows.prefix(3) {
        for key in [
          "command", "accuracy", "drop", "agreement", "latency_ms", "speedup", "bytes",
          "size_ratio", "seconds", "cpu_seconds", "calibration_samples", "ranks", "place",
          "is_pareto_latency", "is_pareto_size", "has_collapsed", "warnings", "artifact",
        ] { #expect(row[key] != nil, "\(key)") }
        let ranks = try #require(row["ranks"] as? [String: Double])
        #expect(Set(ranks.keys) == ["accuracy", "latency", "size", "time", "overall"])
        let mean = ranks.filter { $0.key != "overall" }.values.reduce(0, +) / 4
        #expect(ranks["overall"] == mean)
        let file = URL(filePath: folder).appending(path: try #require(row["artifact"] as? String))
        #expect(row["bytes"] as? Int == (try Data(contentsOf: file).count))
      }
      for key in [
        "model", "version", "machine", "threads", "runs", "data", "samples", "measure", "weights",
        "original", "is_complete", "warnings",
      ] { #expect(object[key] != nil, "\(key)") }
      #expect(object["measure"] as? String == "top1" && object["samples"] as? Int == 40)

      // A network without weights predicts nothing, and a pattern that is none compresses nothing.
      let gone = try #require(rows.first { $0["name"] as? String == "gone" })
      #expect(gone["has_collapsed"] as? Bool == true && gone["ranks"] == nil)
      let odd = try #require(rows.first { $0["name"] as? String == "odd" })
      #expect((odd["error"] as? String)?.contains("(") == true && odd["ranks"] == nil)

      let page = try String(contentsOfFile: "\(folder)/page.html", encoding: .utf8)
      try expectSelfContained(page)
      #expect(page.contains("gone has collapsed") && page.contains("odd failed"))
      // The original and three methods in each of two plots; what collapsed is not drawn.
      #expect(page.components(separatedBy: "<circle").count == 1 + 2 * 4)
    }
  }

  /// Requires well-formed elements and nothing that would be fetched.
  func expectSelfContained(_ page: String) throws {
    let parser = XMLParser(data: Data(page.replacing("<!DOCTYPE html>", with: "").utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    for word in ["http", "//", "src=", "href=", "url(", "@import", "<script", "<link"] {
      let found = page.range(of: word).map { page[$0.lowerBound...].prefix(40) }
      #expect(found == nil, "\(word)")
    }
  }

  @Test func commandsOfRowsMakeTheSameFiles() throws {
    try withTemporaryFolder { folder in
      let object = try Command(
        ["pare", "rank", Command.resnet, "--json", "--keep", "kept"] + Self.quick, in: folder
      ).json()
      // Without labels, the original decides what is right.
      #expect(object["measure"] as? String == "agreement")
      for row in try #require(object["rows"] as? [[String: Any]]) {
        let words = try #require(row["command"] as? String).split(separator: " ").map(String.init)
        #expect(try Command(words, in: folder).code == 0)
        let name = try #require(row["name"] as? String) + ".pare"
        #expect(
          FileManager.default.contentsEqual(
            atPath: "\(folder)/\(name)", andPath: "\(folder)/kept/\(name)"), "\(name)")
      }
    }
  }

  @Test func tablesSayWhatWasMeasuredAndLeaveNothingBehind() throws {
    try withTemporaryFolder { folder in
      try withTemporaryFolder { logs in
        let (process, output, errors) = try Command.process(
          ["pare", "rank", Command.resnet, "--methods", "fp16,int8", "--limit", "3", "--runs", "2"]
            + ["--weights", "accuracy=2,time=0"], in: folder, logs: logs)
        process.environment?["TMPDIR"] = folder
        try Command.start(process)
        process.waitUntilExit()
        let text = try String(contentsOf: output, encoding: .utf8)
        let warnings = try String(contentsOf: errors, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(warnings)")
        #expect(text.contains("same class as the original on 3 random samples"))
        #expect(text.contains("weights accuracy 2, latency 1, size 1, time 0"))
        #expect(text.contains("\n  fp16") && !text.contains("\n  int8"))
        #expect(warnings.contains("'int8' is left out: it needs --calibration"))
        #expect(try files(in: folder).isEmpty)
      }
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interruptionsPrintWhatIsThere(_ signal: Int32) throws {
    try withTemporaryFolder { folder in
      try withTemporaryFolder { logs in
        // Far more runs than there is time for.
        let (process, output, _) = try Command.process(
          [
            "pare", "rank", Command.resnet, "--methods", "f32", "--limit", "2", "--runs", "1000000",
            "--progress", "plain",
          ], in: folder, logs: logs)
        process.environment?["TMPDIR"] = folder
        try Command.start(process)
        for _ in 0..<200 {
          Thread.sleep(forTimeInterval: 0.05)
          let made = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
          if made.contains(where: { $0.hasSuffix("f32.pare") }) { break }
        }
        Thread.sleep(forTimeInterval: 0.5)
        #expect(process.isRunning)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == 128 + signal)
        let text = try String(contentsOf: output, encoding: .utf8)
        #expect(text.contains("\n  f32") && text.contains("interrupted"))
        #expect(try files(in: folder).isEmpty)
      }
    }
  }

  @Test(arguments: [
    (["--methods", "none"], "'none' is none of f32, fp16"),
    (["--methods", ""], "names no method"),
    (["--method", "mine"], "'name=options of convert'"),
    (["--method", "f32=--prune 0.5"], "two methods are called 'f32'"),
    (["--method", "mine=--prune 7"], "method 'mine'"),
    (["--weights", "speed=1"], "speed=1"),
    (["--weights", "accuracy=0,latency=0,size=0,time=0"], "--weights"),
    (["--runs", "0"], "--runs 0"),
    (["--limit", "0"], "--limit 0"),
  ])
  func wrongUsageIsOneLine(_ arguments: [String], _ words: String) throws {
    let command = try Command(["pare", "rank", Command.resnet] + arguments)
    #expect(command.code == 2 && command.output.isEmpty)
    #expect(command.errorLines.count == 1 && command.errors.contains(words), "\(command.errors)")
  }
}
