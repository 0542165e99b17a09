import Foundation
import ModelFormat
import TestSupport
import Testing
import Train

@testable import Convert

/// When checkpoints are written, and which are used.
@Suite struct CheckpointStoreTests {
  /// A clock that tests turn.
  final class Clock { var now = 0.0 }

  /// What a store says.
  final class Notices { var texts: [String] = [] }

  static func store(
    _ path: String, seed: UInt64 = 0, seconds: Double = 60, writes: Bool = true,
    restarts: Bool = false, clock: Clock = Clock(), stop: StopSignal = StopSignal(),
    notices: Notices = Notices()
  ) -> CheckpointStore {
    let identity = CheckpointIdentityTests.identity { $0.seed = seed }
    return CheckpointStore(
      path: path, identity,
      .init(seconds: seconds, writes: writes, restarts: restarts, clock: { clock.now }),
      stop: stop
    ) { if $0.isNotice { notices.texts.append($0.stage) } }
  }

  static func place(_ done: Int) -> CheckpointPlace {
    CheckpointPlace(.prune, done: done, total: 9)
  }

  /// Writes a checkpoint with one section at step 3.
  static func write(_ path: String, seed: UInt64 = 0) throws {
    let clock = Clock()
    let store = Self.store(path, seed: seed, clock: clock)
    store.keep("a", [1, 2])
    clock.now = 100
    store.save(at: place(3))
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func oneIsWrittenEverySoOften() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      func isThere() -> Bool { FileManager.default.fileExists(atPath: path) }
      let clock = Clock()
      let store = Self.store(path, clock: clock)
      store.keep("a", [1])
      clock.now = 59
      store.save(at: Self.place(1))
      #expect(!store.isDue && !isThere())
      clock.now = 60
      #expect(store.isDue)
      store.save(at: Self.place(2))
      #expect(!store.isDue && isThere())
      // The end of a stage sooner, but not at once.
      try FileManager.default.removeItem(atPath: path)
      clock.now = 64
      store.save(at: Self.place(9), isEnd: true)
      #expect(!isThere())
      clock.now = 65
      store.save(at: Self.place(9))
      #expect(!isThere())
      store.save(at: Self.place(9), isEnd: true)
      #expect(isThere())
      store.remove()
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func theSameConversionGoesOn() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      try Self.write(path)
      let notices = Notices()
      let stop = StopSignal(after: 1e6)
      let store = Self.store(path, stop: stop, notices: notices)
      #expect(store.state("a") == [1, 2] && store.state("b") == nil)
      #expect(store.resumed == "prune, layer 3 of 9" && store.warnings.isEmpty)
      #expect(notices.texts == ["going on from \(path): prune, layer 3 of 9"])
    }
  }

  /// Seconds of a run that was killed count against the limit of the next one.
  @Test func timeThatIsSpentCounts() throws {
    try withTemporaryFolder { folder in
      let clock = Clock()
      let first = StopSignal(after: 1e6)
      first.count(1_000)
      let store = Self.store(folder + "/c", clock: clock, stop: first)
      clock.now = 100
      store.save(at: Self.place(1))
      let next = StopSignal(after: 1_500)
      #expect(next.remaining > 1_400 && !next.isOver)
      _ = Self.store(folder + "/c", stop: next)
      #expect(next.elapsed >= 1_000 && next.elapsed < 1_400 && next.remaining <= 500)
      let short = StopSignal(after: 900)
      _ = Self.store(folder + "/c", stop: short)
      #expect(short.isOver && !short.wasGiven)
    }
  }

  @Test func thoseOfOthersAreNotUsed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      try Self.write(path, seed: 5)
      let before = try Data(contentsOf: URL(filePath: path))
      let (notices, clock) = (Notices(), Clock())
      let store = Self.store(path, clock: clock, notices: notices)
      #expect(store.state("a") == nil && store.resumed == nil)
      #expect(store.warnings.count == 1)
      #expect(
        store.warnings[0].hasPrefix(
          path + ": is the checkpoint of another conversion (other: seed)"))
      #expect(notices.texts == ["warning: " + store.warnings[0]])
      // It stays until there is one to replace it.
      store.remove()
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
      clock.now = 100
      store.save(at: Self.place(1))
      #expect(try Data(contentsOf: URL(filePath: path)) != before)
      store.remove()
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func damagedOnesAreNotUsed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      try Self.write(path)
      let whole = try Data(contentsOf: URL(filePath: path))
      for length in [0, 5, 90, whole.count - 1] {
        try whole.prefix(length).write(to: URL(filePath: path))
        let store = Self.store(path)
        #expect(store.state("a") == nil && store.resumed == nil)
        #expect(store.warnings.count == 1 && store.warnings[0].contains("begins anew"))
        #expect(store.warnings[0].hasPrefix(path + ": "), "\(store.warnings)")
      }
    }
  }

  @Test func nothingIsReadWhereNoneIsWanted() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      try Self.write(path)
      let store = Self.store(path, restarts: true)
      #expect(store.state("a") == nil && store.resumed == nil && store.warnings.isEmpty)
      store.remove()
      #expect(!FileManager.default.fileExists(atPath: path))
      var options = CheckpointIdentityTests.options
      options.checkpointSeconds = 0
      let none = CheckpointStore.open(
        options, source: "s", stop: StopSignal(), progress: { _ in })
      #expect(none == nil)
    }
  }

  @Test func dryRunsReadAndLeaveIt() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      try Self.write(path)
      let before = try Data(contentsOf: URL(filePath: path))
      let clock = Clock()
      let store = Self.store(path, writes: false, clock: clock)
      #expect(store.state("a") == [1, 2])
      store.keep("a", [3])
      clock.now = 1_000
      store.save(at: Self.place(4))
      store.remove()
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test func whatCannotBeWrittenIsAWarning() throws {
    let (notices, clock) = (Notices(), Clock())
    let store = Self.store("/nowhere/at/all/c", clock: clock, notices: notices)
    for step in 1...3 {
      clock.now += 100
      store.keep("a", [1])
      store.save(at: Self.place(step))
    }
    #expect(store.warnings.count == 1 && store.warnings[0].contains("goes on without checkpoints"))
  }

  @Test func statesThatDoNotFitAreDroppedWithAllBehindThem() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      let clock = Clock()
      let first = Self.store(path, clock: clock)
      for part in 0..<3 {
        StageCheckpoint(first, .prune).keep(part) { $0.append(part == 1 ? -1 : part) }
      }
      clock.now = 100
      first.save(at: Self.place(3))
      let store = Self.store(path)
      let found = StageCheckpoint(store, .prune).restoreAll(3) { (_, reader) throws(StateError) in
        try reader.integer(0...9)
      }
      #expect(found == [0] && store.warnings.count == 1)
      #expect(store.state("prune 0 part 0") != nil && store.state("prune 0 part 2") == nil)
    }
  }
}
