import Foundation
import TestSupport
import Testing

/// Files that are cut while a process has them mapped: an error, not the end of the process by SIGBUS.
@Suite struct LossTests {
  /// The processor whose kernels read weights where they lie; nil where this machine has none of them.
  static let target: String? = {
    let words = ["pare", "bench", Command.resnet, "--runs", "1", "--warmup", "0", "--json"]
    guard let isa = try? Command(words).json()["isa"] as? String else { return nil }
    let targets = [
      "avx512vnni": "x86-avx512vnni", "avx2": "x86-avx2", "avx2vnni": "x86-avx2",
      "neondot": "arm64-dot", "neoni8mm": "arm64-dot",
    ]
    return targets[isa]
  }()

  /// An artifact whose weights are read where they lie.
  func artifact(in folder: String) throws -> String {
    let path = "\(folder)/net.pare"
    let target = Self.target ?? "x86-avx2"
    let command = try Command(
      "convert", Command.resnet, "-o", path, "--target", target, "--no-verify")
    try #require(command.code == 0, "\(command.errors)")
    return path
  }

  /// Waits until the process has a file of this name in its memory; a while longer where nothing tells.
  func waitUntilMapped(_ name: String, by process: Process) throws {
    let maps = "/proc/\(process.processIdentifier)/maps"
    for _ in 0..<3000 where process.isRunning {
      guard let text = try? String(contentsOfFile: maps, encoding: .utf8) else { break }
      if text.contains("/\(name)") { return Thread.sleep(forTimeInterval: 0.05) }
      Thread.sleep(forTimeInterval: 0.01)
    }
    Thread.sleep(forTimeInterval: 0.4)
  }

  @Test(
    .enabled(if: target != nil, "weights are packed here, and their file not read again"),
    .timeLimit(.minutes(1)))
  func filesThatAreCutWhileTheyRunAreAnError() throws {
    try withTemporaryFolder { folder in
      let path = try artifact(in: folder)
      try withTemporaryFolder { logs in
        let (process, output, errors) = try Command.process(
          ["pare", "bench", path, "--runs", "3000000"], in: folder, logs: logs)
        try Command.start(process)
        try waitUntilMapped("net.pare", by: process)
        #expect(process.isRunning)
        #expect(truncate(path, 0) == 0)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 1)
        let text = try String(contentsOf: errors, encoding: .utf8)
        #expect(text.contains("was cut, or could not be read, while it was in use"), "\(text)")
        #expect(text.split(separator: "\n").count == 1)
        #expect(try String(contentsOf: output, encoding: .utf8).isEmpty)
      }
    }
  }

  /// What replaces a file by renaming takes nothing away from who has the old one mapped.
  @Test(.timeLimit(.minutes(1))) func filesThatAreReplacedGoOn() throws {
    try withTemporaryFolder { folder in
      let path = try artifact(in: folder)
      try withTemporaryFolder { logs in
        let (process, _, errors) = try Command.process(
          ["pare", "bench", path, "--runs", "2000"], in: folder, logs: logs)
        try Command.start(process)
        try waitUntilMapped("net.pare", by: process)
        try Data("other".utf8).write(to: URL(filePath: path), options: .atomic)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(try String(contentsOf: errors, encoding: .utf8).isEmpty)
      }
    }
  }

  /// The handler is for mapped files alone.
  @Test(.timeLimit(.minutes(1))) func otherSignalsOfTheKindEndTheProcess() throws {
    try withTemporaryFolder { folder in
      try withTemporaryFolder { logs in
        let (process, _, _) = try Command.process(
          ["pare", "bench", Command.resnet, "--runs", "100000"], in: folder, logs: logs)
        // Swift's own handler, which prints where a process was, lets one that was sent go on.
        process.environment?["SWIFT_BACKTRACE"] = "enable=no"
        try Command.start(process)
        Thread.sleep(forTimeInterval: 0.3)
        kill(process.processIdentifier, SIGBUS)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        #expect(process.terminationStatus == SIGBUS)
      }
    }
  }

  /// A conversion whose source is cut writes nothing.
  @Test(.timeLimit(.minutes(1))) func nothingIsMadeOfSourcesThatAreCut() throws {
    try withTemporaryFolder { folder in
      let source = "\(folder)/net.onnx"
      try FileManager.default.copyItem(atPath: Command.resnet, toPath: source)
      try withTemporaryFolder { logs in
        // Weights are read again when they are written, behind far more samples than there is time for.
        let (process, _, errors) = try Command.process(
          ["convert", source, "-o", "out.pare", "--verify", "300000"], in: folder, logs: logs)
        try Command.start(process)
        Thread.sleep(forTimeInterval: 0.4)
        #expect(process.isRunning)
        #expect(truncate(source, 0) == 0)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        let text = try String(contentsOf: errors, encoding: .utf8)
        #expect(process.terminationStatus == 1, "\(text)")
      }
      #expect(try files(in: folder) == ["net.onnx"])
    }
  }
}
