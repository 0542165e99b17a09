import Foundation

/// The reader in `python`, and an interpreter that can run it.
enum Python {
  /// The root of the repository.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  /// The golden files, in order of their names.
  static let golden: [String] = {
    let folder = root.appending(path: "python/tests/golden").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".pare") }.sorted().map { "\(folder)/\($0)" }
  }()
  /// The first interpreter that has numpy: the one on the path, or the system's.
  static let interpreter: String? = ["python3", "/usr/bin/python3"].first { python in
    (try? run([python, "-c", "import sys, numpy; assert sys.version_info >= (3, 9)"]).code) == 0
  }

  /// Runs a command in the folder `python/tests`; what it prints comes back once it has ended.
  private static func run(_ command: [String]) throws -> (
    code: Int32, output: String, errors: String
  ) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = root.appending(path: "python/tests")
    process.environment = ProcessInfo.processInfo.environment.merging([
      "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1",
    ]) { $1 }
    let (output, errors) = (
      Pipe(),
      FileManager.default.temporaryDirectory
        .appending(path: "pare-python-\(UUID().uuidString)")
    )
    // What is long goes through the pipe, and errors through a file: neither waits for the other.
    try Data().write(to: errors)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: printed, as: UTF8.self),
      String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    )
  }

  /// Runs the interpreter with arguments.
  static func run(arguments: String...) throws -> (code: Int32, output: String, errors: String) {
    try run([interpreter ?? "python3"] + arguments)
  }

  /// The lines that `describe.py` prints.
  static func describe(_ arguments: [String]) throws -> [Substring] {
    let (code, output, errors) = try run([interpreter ?? "python3", "describe.py"] + arguments)
    guard code == 0 else { throw PythonError(errors) }
    return output.split(separator: "\n")
  }
}

/// What an interpreter said when it failed.
struct PythonError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
