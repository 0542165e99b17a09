import Kernels

/// Two sums over rows for each channel, in double precision.
///
/// Rows are cut into pieces whose number depends on the extents alone; their sums are added in order.
struct ChannelSums: Sendable {
  /// Rows, and channels of each.
  let rows: Int, channels: Int
  private let pieces: Int
  private let chunk: Int

  init(rows: Int, channels: Int) {
    (self.rows, self.channels) = (rows, channels)
    chunk = max(4, min(256, 8192 / max(1, channels)))
    pieces = max(1, min(16, rows / chunk))
  }

  /// Bytes of scratch memory that `run` needs.
  var scratchBytes: Int { pieces * pieceBytes }

  private var pieceBytes: Int { (channels * (2 * 8 + 2 * 4) + 63) & ~63 }

  /// Calls `body` with ranges of rows and with places for their sums, and returns the sums of all.
  func run(
    scratch: UnsafeMutableRawPointer, pool: ThreadPool,
    _ body: (
      _ rows: Range<Int>, _ first: UnsafeMutablePointer<Float>,
      _ second: UnsafeMutablePointer<Float>
    ) -> Void
  ) -> (first: UnsafePointer<Double>, second: UnsafePointer<Double>) {
    pool.run(parts: pieces) { piece in
      let own = scratch + piece * pieceBytes
      let totals = own.assumingMemoryBound(to: Double.self)
      let sums = (own + channels * 16).assumingMemoryBound(to: Float.self)
      totals.update(repeating: 0, count: 2 * channels)
      let end = rows * (piece + 1) / pieces
      for first in stride(from: rows * piece / pieces, to: end, by: chunk) {
        body(first..<min(end, first + chunk), sums, sums + channels)
        for i in 0..<2 * channels { totals[i] += Double(sums[i]) }
      }
    }
    let result = scratch.assumingMemoryBound(to: Double.self)
    for piece in 1..<max(1, pieces) {
      let part = (scratch + piece * pieceBytes).assumingMemoryBound(to: Double.self)
      for i in 0..<2 * channels { result[i] += part[i] }
    }
    return (UnsafePointer(result), UnsafePointer(result + channels))
  }
}
