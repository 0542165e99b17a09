/// How much scratch memory a run needs: some for all threads together and, behind it, some for each.
public struct ScratchSize: Hashable, Sendable {
  /// Bytes for all threads together, a multiple of 64.
  public var shared = 0
  /// Bytes for each thread, a multiple of 64.
  public var perThread = 0

  /// Sizes, which are rounded up.
  public init(shared: Int = 0, perThread: Int = 0) {
    self.shared = roundedUp(shared, to: 64)
    self.perThread = roundedUp(perThread, to: 64)
  }

  /// Bytes for a pool of `threads` threads.
  public func bytes(threads: Int) -> Int { shared + threads * perThread }

  /// Bytes for any pool.
  public var mostBytes: Int { bytes(threads: ThreadPool.maximumThreads) }

  /// These sizes with `count` bytes more in front of them.
  public func behind(_ count: Int) -> ScratchSize {
    ScratchSize(shared: roundedUp(count, to: 64) + shared, perThread: perThread)
  }

  /// Sizes that are enough for these and for `other`, which are not needed at once.
  ///
  /// Where memory for each thread begins differs between the two: for any number of threads there is
  /// enough.
  public func or(_ other: ScratchSize) -> ScratchSize {
    ScratchSize(
      shared: max(shared, other.shared), perThread: max(perThread, other.perThread))
  }
}
