import Foundation
import TestSupport
import Testing

/// The built commands, run as processes.
struct Command {
  /// The exit code, or 128 plus the signal that ended the process.
  let code: Int32
  let output: String
  let errors: String

  /// The lines on standard error.
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

  /// The one JSON object on standard output.
  func json() throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
    return try #require(value as? [String: Any])
  }

  /// The folder of the commands: that of the test bundle.
  static let folder: URL? = {
    let binary = URL(filePath: Swift.CommandLine.arguments[0]).resolvingSymlinksInPath()
    var candidates = [
      Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent(),
      binary.deletingLastPathComponent(),
    ]
    for configuration in ["release", "debug"] {
      candidates.append(package.appending(path: ".build/\(configuration)"))
    }
    return candidates.first {
      FileManager.default.isExecutableFile(atPath: $0.appending(path: "pare").path)
    }
  }()

  /// The root of the package.
  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardized

  static let samples = package.appending(path: "samples").path
  static let networks = package.appending(path: "Tests/ConvertTests/Fixtures/networks").path
  static let onnx = package.appending(path: "Tests/ConvertTests/Fixtures/onnx").path
  static let resnet = "\(samples)/digits_resnet.onnx"

  /// A process that is ready to start; its output goes to files in `logs`.
  static func process(
    _ arguments: [String], in folder: String, logs: String
  ) throws -> (process: Process, output: URL, errors: URL) {
    let process = Process()
    process.executableURL = try #require(Self.folder, "build the commands first")
      .appending(path: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.currentDirectoryURL = URL(filePath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(["COLUMNS": "80"]) { $1 }
    let files = ["out", "err"].map { URL(filePath: logs).appending(path: $0) }
    for file in files { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    return (process, files[0], files[1])
  }

  /// Starts a process with no signal blocked, as a shell does; test threads block most.
  static func start(_ process: Process) throws {
    var none = sigset_t()
    var blocked = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &blocked)
    defer { pthread_sigmask(SIG_SETMASK, &blocked, nil) }
    try process.run()
  }

  /// Runs `arguments`, the command's name first, in `folder`.
  init(_ arguments: [String], in folder: String = "/") throws {
    self = try withTemporaryFolder { logs in
      let (process, output, errors) = try Self.process(arguments, in: folder, logs: logs)
      try Self.start(process)
      process.waitUntilExit()
      return Command(
        code: (process.terminationReason == .exit ? 0 : 128) + process.terminationStatus,
        output: try String(contentsOf: output, encoding: .utf8),
        errors: try String(contentsOf: errors, encoding: .utf8))
    }
  }

  /// Runs `arguments`, the command's name first.
  init(_ arguments: String..., in folder: String = "/") throws {
    try self.init(arguments, in: folder)
  }

  private init(code: Int32, output: String, errors: String) {
    self.code = code
    self.output = output
    self.errors = errors
  }
}

/// The files in a folder, by name.
func files(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
