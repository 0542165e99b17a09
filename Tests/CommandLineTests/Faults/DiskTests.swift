#if os(Linux)
import Foundation
import TestSupport
import Testing

/// Full disks, files that may not grow, folders that may not be written: one line of error, and nothing
/// changes.
@Suite(.serialized) struct DiskTests {
  /// What is wrong after `line` of shell, in which `"$@"` is the command of a scene, has run in a folder.
  ///
  /// A command that has enough room all the same must have come to its end.
  private func run(
    _ scene: FaultScene, _ line: String, says words: [String], after: FolderState,
    around: (_ folder: String) throws -> (undo: () -> Void, folder: String) = { ({}, $0) }
  ) throws -> (failed: Bool, problems: [String]) {
    try scene.trial { folder, logs, before in
      let (undo, place) = try around(folder)
      defer { undo() }
      let shell = ["/bin/sh", "-c", line, "sh"]
      let end = Victim(shell + (try scene.command(scene.arguments)), in: place, logs: logs).ended()
      let state = try scene.state(place)
      guard end.code != 0 else { return (false, state.problems(before: after, after: after)) }
      var problems = state.problems(before: before, after: before) { $0.hasPrefix("first/") }
      if !end.isOneLine || !words.contains(where: { end.errors.contains($0) }) {
        problems.append("says \(end.errors)")
      }
      if end.code != 1 { problems.append("exit code \(end.code)") }
      return (true, problems)
    }
  }

  /// Runs a tool of the system; whether it succeeded.
  private static func system(_ words: String...) -> Bool {
    (try? withTemporaryFolder { logs in
      Victim(["/usr/bin/env"] + words, in: "/", logs: logs).ended().code == 0
    }) ?? false
  }

  /// Whether file systems can be mounted: root may, outside of containers.
  static let canMount: Bool =
    (try? withTemporaryFolder { folder in
      system("mount", "-t", "tmpfs", "-o", "size=64k", "none", folder)
        && system("umount", folder)
    }) ?? false

  private static let scenes = KillTests.isThorough ? FaultScene.quick : FaultScene.few

  @Test(arguments: FaultScene.quick) func filesThatMayNotGrow(_ scene: FaultScene) throws {
    let after = try scene.undisturbed()
    var failures = 0
    // Blocks of 512 bytes, of which the words on standard error are one.
    for size in KillTests.isThorough ? [1, 4, 16, 64, 256, 512] : [1] {
      let (failed, problems) = try run(
        scene, "trap '' XFSZ; ulimit -f \(size); exec \"$@\"", says: ["too large"], after: after)
      #expect(problems.isEmpty, "\(size) blocks: \(problems)")
      failures += failed ? 1 : 0
    }
    // A key is shorter than a block.
    #expect(failures > 0 || scene.name == "keygen")
  }

  @Test(.enabled(if: canMount, "no small file system can be mounted here"), arguments: scenes)
  func fullDisks(_ scene: FaultScene) throws {
    let after = try scene.undisturbed()
    var failures = 0
    for room in KillTests.isThorough ? [0, 4, 16, 64, 128, 256, 320] : [0] {
      let (failed, problems) = try run(
        scene, "exec \"$@\"", says: ["No space left"], after: after,
        around: { try full($0, butFor: room << 10) })
      #expect(problems.isEmpty, "\(room) KiB: \(problems)")
      failures += failed ? 1 : 0
    }
    #expect(failures > 0)
  }

  /// A copy of a folder on a file system that has so many bytes left.
  private func full(
    _ folder: String, butFor room: Int
  ) throws -> (undo: () -> Void, folder: String) {
    let place = folder + "-small"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    try #require(Self.system("mount", "-t", "tmpfs", "-o", "size=64m", "none", place))
    let undo = { _ = Self.system("umount", "-l", place) }
    try #require(Self.system("cp", "-a", "\(folder)/.", place))
    var status = statvfs()
    statvfs(place, &status)
    let used = Int(status.f_blocks - status.f_bfree) * Int(status.f_frsize)
    try #require(Self.system("mount", "-o", "remount,size=\(used + room)", place))
    return (undo, place)
  }

  @Test(
    .enabled(
      if: canMount || getuid() != 0, "root may write everywhere, and can mount nothing here"),
    arguments: scenes)
  func foldersThatMayNotBeWritten(_ scene: FaultScene) throws {
    let after = try scene.undisturbed()
    let (failed, problems) = try run(
      scene, "exec \"$@\"", says: ["Read-only file system", "Permission denied"], after: after,
      around: Self.readOnly)
    #expect(failed && problems.isEmpty, "\(problems)")
  }

  /// The folder, which nobody may write.
  private static func readOnly(_ folder: String) throws -> (undo: () -> Void, folder: String) {
    guard canMount else {
      let folders = ["\(folder)/models", folder]
      for path in folders { chmod(path, 0o555) }
      return ({ for path in folders.reversed() { chmod(path, 0o755) } }, folder)
    }
    try #require(system("mount", "--bind", folder, folder))
    try #require(system("mount", "-o", "remount,ro,bind", folder))
    return ({ _ = system("umount", "-l", folder) }, folder)
  }
}
#endif
