import Foundation

/// Ctrl-C, and requests of the system to end.
enum Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Calls `body` on a thread of its own whenever the process is told to end, and ends it with 128 and the
  /// signal's number where that returns true.
  ///
  /// Call it before other threads are made: they inherit that these signals do not reach them. A signal
  /// that the process was started to ignore, as by nohup, stays ignored.
  static func handle(_ body: @escaping @Sendable () -> Bool) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals {
      let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
      if unsafeBitCast(signal(number, SIG_DFL), to: Int.self) == ignored {
        signal(number, SIG_IGN)
      } else {
        sigaddset(&set, number)
      }
    }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let waited = set
    Thread.detachNewThread {
      var set = waited
      var signal: Int32 = 0
      while true {
        guard sigwait(&set, &signal) == 0 else { return }
        if body() { break }
      }
      fflush(nil)
      // Other threads are still at work: nothing of theirs may be torn down.
      _exit(128 + signal)
    }
  }

  /// Waits for the thread that was interrupted to end the process.
  static func awaitEnd() -> Never {
    while true { sleep(1) }
  }
}
