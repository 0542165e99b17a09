import CKernels

/// Threads that share out the parts of one task at a time.
///
/// Waiting threads spin for a millisecond or two and then park. One task runs at a time: `run` is
/// neither re-entrant nor to be called from two threads at once on the same pool.
public final class ThreadPool: @unchecked Sendable {
  /// The number of threads that work, the caller's among them.
  public let threads: Int

  /// The most threads of a pool; scratch memory is sized for it.
  public static let maximumThreads = 32

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
    run(parts: parts) { part, _ in body(part) }
  }

  /// The same with the number of the thread, below `threads`: no two parts that run at the same time have
  /// the same.
  public func run(parts: Int, _ body: (_ part: Int, _ thread: Int) -> Void) {
    guard let pool, parts > 1 else {
      for part in 0..<max(0, parts) { body(part, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        pare_pool_run(
          pool, parts,
          { context, part, thread in
            context?.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(part, thread)
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }

  /// Returns how many parts to make of `units` pieces of work: one, or some for each thread.
  package func parts(of units: Int) -> Int {
    threads == 1 ? min(units, 1) : min(units, Self.maximumThreads, threads * 4)
  }

  /// Shares out `units` pieces of work in runs of neighbours: `body` gets a range, and the number of the
  /// thread, below `threads` and `units`, whose scratch memory is its own for the time.
  public func share(_ units: Int, _ body: (_ thread: Int, _ range: Range<Int>) -> Void) {
    let parts = parts(of: units)
    run(parts: parts) { part, thread in
      body(thread, part * units / parts..<(part + 1) * units / parts)
    }
  }
}
