import Foundation
import TestSupport
import Testing

/// Conversions that are killed, and the same command again.
@Suite struct CheckpointTests {
  static let checkpoint = "out.pare.checkpoint"

  static func arguments(_ more: [String]) -> [String] {
    [
      "convert", Command.resnet, "-o", "out.pare", "--preprocess", "unit", "--checkpoint-every",
      "1ms",
    ] + more
  }

  static let pruning = [
    "--prune", "0.5", "--prune", "block:0.3", "--quantize", "int8", "--calibration",
    "\(Command.samples)/digits/calibration",
  ]
  static let training = [
    "--prune", "0.7", "--epochs", "12", "--train-data", "\(Command.samples)/digits/test",
  ]

  static func bytes(_ folder: String) throws -> Data {
    try Data(contentsOf: URL(filePath: folder + "/out.pare"))
  }

  /// Starts a conversion and kills it once it has written so many checkpoints; again where it came to its end
  /// before that, as on a busy machine it may.
  static func kill(_ arguments: [String], in folder: String, after count: Int) throws {
    for attempt in 1...5 {
      if try isKilled(arguments, in: folder, after: count) { break }
      #expect(attempt < 5, "it has ended each time before it could be killed")
      try FileManager.default.removeItem(atPath: folder + "/out.pare")
    }
    #expect(try files(in: folder) == [checkpoint])
  }

  private static func isKilled(
    _ arguments: [String], in folder: String, after count: Int
  ) throws -> Bool {
    try withTemporaryFolder { logs in
      let (process, _, _) = try Command.process(arguments, in: folder, logs: logs)
      try Command.start(process)
      var seen: Set<UInt64> = []
      while process.isRunning, seen.count < count {
        var status = stat()
        if stat("\(folder)/\(checkpoint)", &status) == 0 { seen.insert(UInt64(status.st_ino)) }
        usleep(500)
      }
      if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      return process.terminationReason == .uncaughtSignal
    }
  }

  @Test(arguments: [pruning, training]) func whatWasKilledGoesOn(_ options: [String]) throws {
    let arguments = Self.arguments(options)
    let whole = try withTemporaryFolder { folder in
      #expect(try Command(arguments, in: folder).code == 0)
      #expect(try files(in: folder) == ["out.pare"])
      return try Self.bytes(folder)
    }
    try withTemporaryFolder { folder in
      // Twice, then to the end, on another number of threads.
      try Self.kill(arguments, in: folder, after: 2)
      try Self.kill(arguments, in: folder, after: 4)
      let rest = try Command(arguments + ["--threads", "2"], in: folder)
      #expect(rest.code == 0, "\(rest.errors)")
      #expect(rest.errorLines.contains { $0.hasPrefix("going on from out.pare.checkpoint: ") })
      #expect(rest.output.contains("went on from its checkpoint: "))
      #expect(try files(in: folder) == ["out.pare"])
      #expect(try Self.bytes(folder) == whole)
    }
  }

  @Test func otherCommandsBeginAnew() throws {
    try withTemporaryFolder { folder in
      try Self.kill(Self.arguments(Self.pruning), in: folder, after: 2)
      // A forecast goes on from it and leaves it.
      let dry = try Command(Self.arguments(Self.pruning) + ["--dry-run", "--json"], in: folder)
      #expect(dry.code == 0, "\(dry.errors)")
      #expect(try dry.json()["resumed"] as? String != nil)
      #expect(try files(in: folder) == [Self.checkpoint])
      let other = try Command(Self.arguments(Self.pruning) + ["--seed", "7"], in: folder)
      #expect(other.code == 0 && !other.output.contains("went on"))
      let warnings = other.errorLines.filter { $0.hasPrefix("warning: ") }
      #expect(warnings.count == 1 && warnings[0].contains("(other: seed)"), "\(other.errors)")
      #expect(try files(in: folder) == ["out.pare"])
    }
  }

  @Test func restartsAndDamage() throws {
    try withTemporaryFolder { folder in
      let fast = Self.arguments(Self.pruning) + ["--effort", "fast", "--no-verify"]
      let file = URL(filePath: "\(folder)/\(Self.checkpoint)")
      try Data("no checkpoint at all".utf8).write(to: file)
      let damaged = try Command(fast, in: folder)
      #expect(
        damaged.code == 0 && damaged.errors.contains("is no checkpoint: the conversion begins"))
      try FileManager.default.removeItem(atPath: folder + "/out.pare")
      try Self.kill(fast, in: folder, after: 2)
      let anew = try Command(fast + ["--restart"], in: folder)
      #expect(
        anew.code == 0 && !anew.errors.contains("going on") && !anew.errors.contains("warning"))
      #expect(try files(in: folder) == ["out.pare"])
    }
  }

  @Test func periodsAreLengthsOfTime() throws {
    let wrong = try Command(
      "convert", Command.resnet, "--dry-run", "--checkpoint-every", "soon")
    #expect(wrong.code == 2 && wrong.errors.contains("60, 90s, 5m and 0 are examples"))
    #expect(
      try Command("convert", Command.resnet, "--dry-run", "--checkpoint-every", "0").code == 0)
  }
}
