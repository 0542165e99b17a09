import Kernels

extension ThreadPool {
  /// Elements in a piece of what threads share out.
  static let piece = 1 << 14

  /// Calls `body` for the pieces that make `0 ..< count`; where they are cut does not depend on the number
  /// of threads.
  func pieces(of count: Int, _ body: (Range<Int>) -> Void) {
    let pieces = (count + Self.piece - 1) / Self.piece
    guard pieces > 1 else { return count > 0 ? body(0..<count) : () }
    share(pieces) { _, range in
      for piece in range { body(piece * Self.piece..<min(count, (piece + 1) * Self.piece)) }
    }
  }

  /// The sum of what `body` gives for the pieces of `0 ..< count`, added in order: the same for any number
  /// of threads.
  func sum(over count: Int, _ body: (Range<Int>) -> Double) -> Double {
    let pieces = (count + Self.piece - 1) / Self.piece
    var parts = [Double](repeating: 0, count: pieces)
    parts.withUnsafeMutableBufferPointer { parts in
      let parts = parts
      self.pieces(of: count) { parts[$0.lowerBound / Self.piece] = body($0) }
    }
    return parts.reduce(0, +)
  }
}
