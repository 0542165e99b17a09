/// Threads that share out the parts of one task.
public final class ThreadPool: Sendable {
  /// The number of threads that work, the caller's among them.
  public let threads: Int

  /// A pool of `threads` threads, at least one.
  public init(threads: Int = 1) { self.threads = max(1, threads) }

  /// Calls `body` once for each part in `0 ..< parts`, and returns when all have ended.
  public func run(parts: Int, _ body: @Sendable (Int) -> Void) {
    for part in 0..<parts { body(part) }
  }
}
