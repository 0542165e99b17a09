import Foundation
import TestSupport
import Testing

/// Interruptions, full disks, unreadable samples: nothing half-written stays.
@Suite struct ProcessTests {
  @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
  func interruptionsLeaveNothingBehind(_ signal: Int32) throws {
    try withTemporaryFolder { folder in
      try withTemporaryFolder { logs in
        // Far more samples than there is time for.
        let (process, _, _) = try Command.process(
          ["convert", Command.resnet, "-o", "out.pare", "--verify", "1000000"], in: folder,
          logs: logs)
        try Command.start(process)
        Thread.sleep(forTimeInterval: 0.4)
        #expect(process.isRunning)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus != 0)
        #expect(try files(in: folder).isEmpty)
      }
    }
  }

  @Test func interruptionsKeepTheOldFile() throws {
    try withTemporaryFolder { folder in
      let old = Data("old".utf8)
      try old.write(to: URL(filePath: "\(folder)/out.pare"))
      try withTemporaryFolder { logs in
        let (process, _, _) = try Command.process(
          ["convert", Command.resnet, "-o", "out.pare", "--verify", "1000000"], in: folder,
          logs: logs)
        try Command.start(process)
        Thread.sleep(forTimeInterval: 0.4)
        process.interrupt()
        process.waitUntilExit()
      }
      #expect(try files(in: folder) == ["out.pare"])
      #expect(try Data(contentsOf: URL(filePath: "\(folder)/out.pare")) == old)
    }
  }

  /// Runs a line of shell in which `"$@"` is the conversion of a sample to out.pare.
  func shell(_ line: String, in folder: String) throws -> (code: Int32, errors: String) {
    let tool = try #require(Command.folder, "build the commands first").appending(path: "convert")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", line, "sh", tool.path, Command.resnet, "-o", "out.pare", "--no-verify",
    ]
    process.currentDirectoryURL = URL(filePath: folder)
    let pipe = Pipe()
    process.standardError = pipe
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test func filesThatMayNotGrowAreAnError() throws {
    try withTemporaryFolder { folder in
      let (code, errors) = try shell("trap '' XFSZ; ulimit -f 8; exec \"$@\"", in: folder)
      #expect(code == 1)
      #expect(errors.split(separator: "\n").count == 1)
      #expect(errors.contains("out.pare") && errors.contains("too large"), "\(errors)")
      #expect(try files(in: folder).isEmpty)
    }
  }

  /// Whether a small file system can be mounted: root may, outside of containers.
  static let canMount: Bool = {
    let test = "mkdir -p \"$1\" && mount -t tmpfs -o size=64k none \"$1\" && umount \"$1\""
    return
      (try? withTemporaryFolder { folder in
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", test, "sh", "\(folder)/m"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
      }) ?? false
  }()

  @Test(.enabled(if: canMount, "a small file system cannot be mounted here"))
  func fullDisksAreAnError() throws {
    try withTemporaryFolder { folder in
      let (code, errors) = try shell(
        "mkdir m && mount -t tmpfs -o size=64k none m && cd m && (\"$@\"; echo $? > ../code; "
          + "ls -A > ../left); cd .. && umount m && exit $(cat code)", in: folder)
      #expect(code == 1)
      #expect(errors.split(separator: "\n").count == 1)
      #expect(errors.contains("out.pare") && errors.contains("No space left"), "\(errors)")
      #expect(try Data(contentsOf: URL(filePath: "\(folder)/left")).isEmpty)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func reportsThatCannotBePrintedAreAnError() throws {
    try withTemporaryFolder { folder in
      let (code, errors) = try shell("exec \"$@\" >/dev/full", in: folder)
      #expect(code == 1)
      #expect(errors.split(separator: "\n").count == 1)
      #expect(errors.contains("standard output") && errors.contains("No space left"), "\(errors)")
      // The file itself is there.
      #expect(try files(in: folder) == ["out.pare"])
      // Words that cannot be said are no reason to crash.
      let silent = try shell("exec \"$@\" --prune 2 2>/dev/full", in: folder)
      #expect(silent.code == 2)
    }
  }

  @Test func unreadableSamplesAreLeftOutAndCounted() throws {
    try withTemporaryFolder { folder in
      let images = "\(folder)/images"
      try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
      for name in ["0022", "0028", "0034"] {
        try FileManager.default.copyItem(
          atPath: "\(Command.samples)/digits/calibration/\(name).png",
          toPath: "\(images)/\(name).png")
      }
      let whole = try Data(contentsOf: URL(filePath: "\(images)/0022.png"))
      try whole.prefix(40).write(to: URL(filePath: "\(images)/0030.png"))
      let command = try Command(
        "convert", Command.resnet, "-o", "out.pare", "--quantize", "int8", "--calibration",
        "images", "--preprocess", "unit", in: folder)
      #expect(command.code == 0, "\(command.errors)")
      let warnings = command.errorLines.filter { $0.hasPrefix("warning: ") }
      #expect(warnings.count == 1 && command.errorLines.count == 1, "\(command.errors)")
      #expect(command.errors.contains("1 of 4 samples") && command.errors.contains("0030.png"))
      #expect(try files(in: folder) == ["images", "out.pare"])
    }
  }

  @Test func missedTargetsHaveACodeAndAFile() throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        "convert", Command.resnet, "-o", "out.pare", "--prune", "0.97", "--data",
        "\(Command.samples)/digits/test", "--preprocess", "unit", "--max-drop", "1%", in: folder)
      #expect(command.code == 5)
      #expect(command.errorLines.last?.contains("--max-drop") == true)
      #expect(command.errorLines.contains { $0.contains("collapsed") })
      #expect(try files(in: folder) == ["out.pare"])
    }
  }

  @Test func differencesHaveACode() throws {
    let other = "\(Command.samples)/digits_mobile.onnx"
    #expect(try Command("pare", "verify", Command.resnet, "--against", other).code == 4)
    #expect(try Command("pare", "verify", Command.resnet, "--against", Command.resnet).code == 0)
  }

  @Test func runsDoNotCollectMemory() throws {
    func peak(_ runs: Int) throws -> Int {
      let command = try Command(
        "pare", "bench", Command.resnet, "--runs", "\(runs)", "--threads", "2", "--json")
      return try #require(try command.json()["peak_rss_bytes"] as? Int)
    }
    // What one run in two thousand leaves behind may be no more than 500 bytes.
    #expect(try peak(2000) - peak(5) < 1_000_000)
  }
}
