#if os(Linux)
import Foundation
import Testing

/// Commands that are killed at any moment leave the old file or the new one, and the same command again
/// comes to its end.
///
/// `make faults TRIALS=1000` kills so often, and says what came of it.
@Suite struct KillTests {
  static let isThorough = FaultScene.trials != nil
  static let scenes = FaultScene.quick + (isThorough ? [FaultScene.checkpointed] : [])

  @Test(arguments: scenes) func killsLoseNothing(_ scene: FaultScene) throws {
    let (after, seconds) = try scene.timed(Self.isThorough ? 5 : 2)
    var random = SystemRandomNumberGenerator()
    var (killed, changed, left) = (0, 0, 0)
    let count = ((FaultScene.trials ?? 22) + Self.scenes.count - 1) / Self.scenes.count
    for _ in 0..<count {
      // Up to a little more than the command takes.
      let delay = Double.random(in: 0...(seconds * 1.2), using: &random)
      try scene.trial { folder, logs, before in
        let end = Victim(try scene.command(scene.arguments), in: folder, logs: logs)
          .killed(after: delay)
        let state = try scene.state(folder)
        var problems = state.problems(before: before, after: after, mayStay: scene.mayStay)
        problems += try scene.probed(in: folder, logs: logs)
        problems += try scene.succeeds(in: folder, logs: logs, after: after)
        #expect(
          problems.isEmpty && [0, 128 + SIGKILL].contains(end.code),
          "\(end.code) after \(delay * 1000) ms: \(problems)")
        killed += end.code == 0 ? 0 : 1
        changed += end.code != 0 && state != before ? 1 : 0
        left += state.names.isSubset(of: before.names.union(after.names)) ? 0 : 1
      }
    }
    guard Self.isThorough else { return }
    print(
      "\(scene.name): \(count) trials of \(Int(seconds * 1000)) ms, \(killed) killed before the end, "
        + "\(changed) of these after something had changed, \(left) with a file left for the next run"
    )
  }
}
#endif
