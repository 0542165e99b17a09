#if os(Linux)
import Foundation
import TestSupport
import Testing

/// Each call by which a command reads or writes fails once: full disks, broken ones, read-only ones,
/// interruptions, halves of what was asked for, and a kill just before the call.
///
/// The calls are those of `Tests/Faults/failing.c`. `make faults` lets every one fail in every way.
@Suite(.serialized) struct FailingCallTests {
  /// How a call fails.
  struct Kind: Sendable {
    let name: String
    let code: Int32
    /// Whether a call that transfers bytes is carried on after it.
    var isPassing = false
    static let kill = Kind(name: "kill", code: 0)
    static let errors = [ENOSPC, EIO, EROFS].map { Kind(name: "\($0)", code: $0) }
    static let passing = [
      Kind(name: "short", code: 0, isPassing: true),
      Kind(name: "\(EINTR)", code: EINTR, isPassing: true),
    ]
  }

  private static let library: Result<String, any Error> = Result {
    let source = Command.package.appending(path: "Tests/Faults/failing.c").path
    let target = FileManager.default.temporaryDirectory
      .appending(path: "pare-failing-\(getpid()).so").path
    func compile(_ compiler: String) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = [compiler, "-shared", "-fPIC", "-O1", "-o", target, source]
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
    // Swift brings clang; some systems have no other compiler.
    if try compile("cc") != 0 { try #require(try compile("clang") == 0, "no C compiler") }
    atexit { unlink(NSTemporaryDirectory() + "/pare-failing-\(getpid()).so") }
    return target
  }

  /// The name of the call that failed, or nil where there are fewer calls, and what was wrong then.
  private func fail(
    _ scene: FaultScene, call: Int, _ kind: Kind, after: FolderState
  ) throws -> (call: String?, problems: [String]) {
    try scene.trial { folder, logs, before in
      let environment = [
        "LD_PRELOAD": try Self.library.get(), "FAULT_FOLDER": folder, "FAULT_AT": "\(call)",
        "FAULT_KIND": kind.name, "FAULT_LOG": "\(logs)/failed",
      ]
      let command = try scene.command(scene.arguments)
      let end = Victim(command, in: folder, logs: logs, environment: environment).ended()
      let state = try scene.state(folder)
      guard let failed = try? String(contentsOfFile: "\(logs)/failed", encoding: .utf8) else {
        return (nil, end.code == 0 ? [] : ["\(end.code): \(end.errors)"])
      }
      // What was unpacked stays, too, where the packed file could not be read.
      let isRead = failed.contains("read") && !scene.leftovers.isEmpty
      var problems = state.problems(
        before: before, after: after,
        mayStay: kind.name == "kill" || isRead ? scene.mayStay : { _ in false })
      if kind.name == "kill" {
        if end.code != 128 + SIGKILL { problems.append("\(end.code) instead of a kill") }
      } else if end.code == 0 {
        problems += state.problems(before: after, after: after)
      } else {
        let reason = String(cString: strerror(kind.code))
        if !end.isOneLine || !end.errors.contains(reason) { problems.append("says \(end.errors)") }
        if end.code != 1 { problems.append("exit code \(end.code)") }
        if kind.isPassing, ["read", "write"].contains(where: { failed.contains($0) }) {
          problems.append("was not carried on: \(end.errors)")
        }
      }
      if kind.name == "kill" || KillTests.isThorough {
        problems += try scene.probed(in: folder, logs: logs)
        problems += try scene.succeeds(in: folder, logs: logs, after: after)
      }
      return (failed, problems)
    }
  }

  @Test(arguments: KillTests.isThorough ? FaultScene.quick : FaultScene.few)
  func failingCallsLoseNothing(_ scene: FaultScene) throws {
    let after = try scene.undisturbed()
    // Every call fails in every way, or each in another one.
    let ways =
      KillTests.isThorough
      ? (Kind.errors + [.kill] + Kind.passing).map { [$0] } : [Kind.errors + [.kill]]
    var count = 0
    for kinds in ways {
      for call in 1...10_000 {
        let kind = kinds[call % kinds.count]
        let (failed, problems) = try fail(scene, call: call, kind, after: after)
        #expect(problems.isEmpty, "call \(call), \(failed ?? "none"), \(kind.name): \(problems)")
        guard failed != nil else { break }
        count += 1
      }
    }
    #expect(count > 5)
    if KillTests.isThorough { print("\(scene.name): \(count) calls failed") }
  }
}
#endif
