import Foundation
import ModelFormat
import TestSupport
import Testing

/// A file of a gibibyte that takes a few blocks of the disk, and processes with little address space.
@Suite struct LargeFileTests {
  /// Writes an artifact whose one constant is a gibibyte of zeros, stored dense, as a file with a hole.
  static func write(to path: String, in folder: String) throws {
    let count = 1 << 30
    let hole = "\(folder)/hole"
    #expect(FileManager.default.createFile(atPath: hole, contents: nil))
    #expect(truncate(hole, off_t(count)) == 0)
    var graph = Graph(name: "large")
    let zeros = Bytes(MappedFile.Shared(try MappedFile(path: hole)))
    graph.outputs = [
      graph.addConstant("zeros", Tensor(type: .int8, shape: [count], bytes: zeros))
    ]
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    #expect(file >= 0)
    defer { close(file) }
    var end: off_t = 0
    ModelWriter(Model(graph: graph)).write { (bytes: UnsafeRawBufferPointer) in
      if bytes.count < count {
        #expect(pwrite(file, bytes.baseAddress, bytes.count, end) == bytes.count)
      }
      end += off_t(bytes.count)
    }
    #expect(ftruncate(file, end) == 0)
  }

  /// Runs a command of the package with `kibibytes` of address space.
  func limited(_ kibibytes: Int, _ words: [String]) throws -> (code: Int32, output: String) {
    let tool = try #require(Command.folder, "build the commands first").appending(path: words[0])
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments =
      ["-c", "ulimit -v \(kibibytes); exec \"$@\" 2>&1", "sh", tool.path] + words.dropFirst()
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let died = process.terminationReason == .uncaughtSignal
    return (
      (died ? 128 : 0) + process.terminationStatus, String(decoding: data, as: UTF8.self)
    )
  }

  @Test(.timeLimit(.minutes(2))) func aGibibyteOpensInSixtyFourMebibytes() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/large.pare"
      try Self.write(to: path, in: folder)
      let bytes = try #require(
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)

      // The directory alone fits; the whole file does not, and that is said.
      let small = try limited(64 << 10, ["LimitedReader", path])
      #expect(small.code == 0)
      #expect(
        small.output == "outline: \(bytes) bytes, 1 tensors\n"
          + "open: \(path): cannot be read: Cannot allocate memory\n")

      // The commands alone take more than 64 MiB: they map Foundation's tables.
      let outline = try limited(192 << 10, ["inspect", path, "--outline"])
      #expect(outline.code == 0 && outline.output.contains("zeros"), "\(outline)")
      for words in [["inspect", path, "--check"], ["pare", "run", path]] {
        let (code, output) = try limited(192 << 10, words)
        #expect(code == 1 && output.contains("Cannot allocate memory"), "\(output)")
        #expect(output.split(separator: "\n").count == 1)
      }

      let whole = try Command("inspect", path, "--check")
      #expect(whole.code == 0 && whole.output == "\(path): valid\n")
    }
  }
}
