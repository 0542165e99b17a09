import CKernels

/// Threads that share out the parts of one task at a time.
///
/// Waiting threads spin for a millisecond or two and then park. One task runs at a time: `run` is
/// neither re-entrant nor to be called from two threads at once on the same pool.
public final class ThreadPool: @unchecked Sendable {
  /// The number of threads that work, the caller's among them.
  public let threads: Int

  /// The most threads that a pool has.
  public static let maximumThreads = 32
  /// The most parts into which `share` splits a run.
  private static let mostParts = 32

  private let pool: OpaquePointer?

  /// A pool of `threads` threads, at least one and at most 32; 1 where the platform has no threads.
  public init(threads: Int = 1) {
    let wanted = min(max(1, threads), Self.maximumThreads)
    pool = pare_pool_create(wanted)
    self.threads = pool == nil ? 1 : wanted
  }

  deinit {
    if let pool { pare_pool_destroy(pool) }
  }

  /// Calls `body` once for each part in `0 ..< parts`, on any thread, and returns when all have ended.
  public func run(parts: Int, _ body: (Int) -> Void) {
    runOnThreads(parts: parts) { _, part in body(part) }
  }

  /// The same; `body` also gets the number of its thread, which runs one part at a time.
  package func runOnThreads(parts: Int, _ body: (_ thread: Int, _ part: Int) -> Void) {
    guard let pool, parts > 1 else {
      for part in 0..<max(0, parts) { body(0, part) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        pare_pool_run(
          pool, parts,
          { context, thread, part in
            context?.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(thread, part)
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }

  /// Returns how many parts to make of `units` pieces of work: one, or some for each thread.
  package func parts(of units: Int) -> Int {
    threads == 1 ? min(units, 1) : min(units, Self.mostParts, threads * 4)
  }

  /// Shares out `units` pieces of work in runs of neighbours: `body` gets the number of its thread, whose
  /// scratch memory nobody else uses meanwhile, and its range.
  public func share(_ units: Int, _ body: (_ thread: Int, _ range: Range<Int>) -> Void) {
    let parts = parts(of: units)
    runOnThreads(parts: parts) { thread, part in
      body(thread, part * units / parts..<(part + 1) * units / parts)
    }
  }
}
