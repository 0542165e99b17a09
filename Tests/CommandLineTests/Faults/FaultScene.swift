#if os(Linux)
import Foundation
import TestSupport
import Testing

/// A command that writes, in a folder where there is something to lose.
struct FaultScene: CustomTestStringConvertible, Sendable {
  let name: String
  /// The command, its tool first.
  let arguments: [String]
  /// What a process that ends early may leave, by the ends of names.
  var leftovers: [String] = []
  /// What else must hold at any time: a command that must succeed, its tool first.
  var probe: [String] = []
  var testDescription: String { name }

  /// Verbs that take milliseconds.
  static let quick = [
    FaultScene(name: "convert", arguments: ["convert", Command.resnet, "-o", "out.pare"]),
    FaultScene(name: "pack", arguments: ["pare", "pack", "new.pare", "-o", "out.parez"]),
    FaultScene(
      name: "unpack", arguments: ["pare", "unpack", "new.parez", "-o", "out.pare"],
      leftovers: [".part"]),
    FaultScene(
      name: "diff", arguments: ["pare", "diff", "old.pare", "new.pare", "-o", "out.pared"]),
    FaultScene(
      name: "patch", arguments: ["pare", "patch", "old.pare", "new.pared", "-o", "out.pare"],
      leftovers: [".part"]),
    FaultScene(
      name: "sign",
      arguments: ["pare", "sign", "out.pare", "--key", "vendor.key", "--release", "3"],
      probe: ["pare", "inspect", "out.pare", "--check"]),
    FaultScene(name: "keygen", arguments: ["pare", "keygen", "fresh", "--no-password"]),
    FaultScene(
      name: "install", arguments: ["pare", "install", "new.pare", "--into", "models"], probe: run),
    FaultScene(
      name: "install a packed file",
      arguments: ["pare", "install", "new.parez", "--into", "models"],
      probe: run),
    FaultScene(
      name: "install a delta", arguments: ["pare", "install", "new.pared", "--into", "models"],
      probe: run),
    FaultScene(
      name: "install for the first time",
      arguments: ["pare", "install", "new.pare", "--into", "first"]),
  ]

  /// A conversion that writes checkpoints all the time.
  static let checkpointed = FaultScene(
    name: "convert with checkpoints",
    arguments: [
      "convert", Command.resnet, "-o", "out.pare", "--preprocess", "unit", "--no-verify",
      "--checkpoint-every", "1ms", "--prune", "0.5", "--effort", "fast", "--calibration",
      "\(Command.samples)/digits/calibration",
    ], leftovers: [".checkpoint"])

  private static let run = [
    "pare", "run", "models/current", "\(Command.samples)/digits/calibration/0022.png",
  ]

  /// The tool and its arguments, as a process is started.
  func command(_ words: [String]) throws -> [String] {
    let folder = try #require(Command.folder, "build the commands first")
    return [folder.appending(path: words[0]).path] + words.dropFirst()
  }

  /// Whether `name` may be there after a process was killed.
  func mayStay(_ name: String) -> Bool {
    // What `AtomicFile` and the installer name, which the next run removes.
    leftovers.contains { name.hasSuffix($0) } || name.hasSuffix(".tmp")
      || name.contains("/incoming.")
  }

  /// A folder with the files that the scenes speak of: made once, copied for each trial.
  private static let template: Result<String, any Error> = Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "pare-faults-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    atexit {
      try? FileManager.default.removeItem(
        atPath: NSTemporaryDirectory() + "/pare-faults-\(getpid())")
    }
    let commands = [
      ["convert", Command.resnet, "-o", "oldest.pare", "--no-verify", "--quantize", "bf16"],
      ["convert", Command.resnet, "-o", "old.pare", "--no-verify"],
      ["convert", Command.resnet, "-o", "new.pare", "--no-verify", "--prune", "0.2"],
      ["pare", "pack", "new.pare"], ["pare", "diff", "old.pare", "new.pare"],
      ["pare", "keygen", "vendor", "--no-password"],
      ["pare", "install", "oldest.pare", "--into", "models"],
      ["pare", "install", "old.pare", "--into", "models"],
    ]
    for words in commands {
      let command = try Command(words, in: folder)
      try #require(command.code == 0, "\(command.errors)")
    }
    // What is there under the names that are written.
    for (from, to) in [
      ("old.pare", "out.pare"), ("new.parez", "out.parez"), ("new.pared", "out.pared"),
      ("vendor.pub", "out.pare.minisig"),
    ] {
      try FileManager.default.copyItem(atPath: "\(folder)/\(from)", toPath: "\(folder)/\(to)")
    }
    return folder
  }

  /// Calls `body` with a fresh folder for the command, one for logs, and the state of the former.
  func trial<R>(
    _ body: (_ folder: String, _ logs: String, _ before: FolderState) throws -> R
  ) throws -> R {
    try withTemporaryFolder { logs in
      let folder = "\(logs)/folder"
      try FileManager.default.copyItem(atPath: try Self.template.get(), toPath: folder)
      return try body(folder, logs, state(folder))
    }
  }

  /// The state of a folder, in which new keys, which differ each time, are known by their sizes.
  func state(_ folder: String) throws -> FolderState {
    try FolderState(folder, sizesAlone: { $0.hasPrefix("fresh.") })
  }

  /// Whether the command succeeds at last, and leads where it does when nothing is in its way.
  func succeeds(in folder: String, logs: String, after: FolderState) throws -> [String] {
    // Keys are never written over.
    for key in ["fresh.key", "fresh.pub"] { unlink("\(folder)/\(key)") }
    let end = Victim(try command(arguments), in: folder, logs: logs).ended()
    guard end.code == 0 else { return ["again: \(end.code), \(end.errors)"] }
    return try state(folder).problems(before: after, after: after).map { "again: \($0)" }
  }

  /// What is wrong with the probe of this scene.
  func probed(in folder: String, logs: String) throws -> [String] {
    guard !probe.isEmpty else { return [] }
    let end = Victim(try command(probe), in: folder, logs: logs).ended()
    return end.code == 0 ? [] : ["\(probe[1]): \(end.code), \(end.errors)"]
  }

  /// Those that `make test` runs where there is a process for each call: of each way to write, one.
  static let few = quick.filter {
    ["unpack", "sign", "keygen", "install a delta"].contains($0.name)
  }

  /// How often something is killed, in all, where `make faults` asks for it.
  static let trials = ProcessInfo.processInfo.environment["FAULT_TRIALS"].flatMap { Int($0) }

  /// Where the command leads when nothing is in its way.
  func undisturbed() throws -> FolderState { try timed(1).after }

  /// Where the command leads when nothing is in its way, and the seconds that it takes, at the median.
  func timed(_ times: Int) throws -> (after: FolderState, seconds: Double) {
    let ends = try (0..<times).map { _ in
      try trial { folder, logs, _ in
        let start = ContinuousClock().now
        let end = Victim(try command(arguments), in: folder, logs: logs).ended()
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        try #require(end.code == 0, "\(name): \(end.errors)")
        return (after: try state(folder), seconds: seconds)
      }
    }
    return (ends[0].after, ends.map(\.seconds).sorted()[times / 2])
  }
}
#endif
