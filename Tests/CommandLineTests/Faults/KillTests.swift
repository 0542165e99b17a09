#if os(Linux)
import Foundation
import Testing

/// Commands that are killed at any moment leave the old file or the new one, and the same command again
/// comes to its end.
///
/// `make faults TRIALS=1000` kills so often, and says what came of it.
@Suite(.serialized) struct KillTests {
  static let isThorough = FaultScene.trials != nil
  static let scenes = FaultScene.quick + (isThorough ? [FaultScene.checkpointed] : [])

  @Test(arguments: scenes) func killsLoseNothing(_ scene: FaultScene) throws {
    let (after, seconds) = try scene.timed(Self.isThorough ? 5 : 2)
    var random = SystemRandomNumberGenerator()
    var (trials, killed, changed, left) = (0, 0, 0, 0)
    let count = ((FaultScene.trials ?? 22) + Self.scenes.count - 1) / Self.scenes.count
    // What has ended before it could be killed does not count; on a busy machine that is some.
    while killed < count, trials < 4 * count {
      trials += 1
      let delay = Double.random(in: 0...(seconds * 1.1), using: &random)
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
      "\(scene.name): \(killed) kills in \(trials) trials of \(Int(seconds * 1000)) ms, "
        + "\(changed) of them after something had changed, \(left) with a file left for the next run"
    )
  }
}
#endif
