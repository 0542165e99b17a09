import Convert
import Synchronization

/// Where a ranking leaves what it has found so far, for the thread that waits for an interruption.
final class ReportBoard: Sendable {
  private struct State {
    var report: RankReport?
    var isClosed = false
  }

  private let state = Mutex(State())

  /// What was found so far.
  var report: RankReport? { state.withLock { $0.report } }

  /// Puts up what there is now.
  func post(_ report: RankReport) { state.withLock { $0.report = report } }

  /// Closes the board; true for the first who does.
  func close() -> Bool {
    state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
  }
}
