import Kernels

extension Operands {
  /// Calls `body` for ranges that together make `0 ..< count`, on several threads where a range
  /// then has at least `grain` items.
  @inline(__always)
  func split(_ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let parts = min(pool.threads, count / max(1, grain))
    guard parts > 1 else { return body(0..<count) }
    pool.run(parts: parts) { part in
      body(
        (count / parts * part + min(part, count % parts))..<(count / parts * (part + 1)
          + min(part + 1, count % parts)))
    }
  }
}
