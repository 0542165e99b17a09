/// Writes the piece that takes the fewest bytes.
enum PieceWriter {
  /// A slower codec must be this much smaller: parts of a hundred.
  private static let gain = 1

  /// The shortest piece that makes `target`, of elements of `width` bytes, from nothing or from the bytes
  /// `base` that lie at `place` of the base.
  static func piece(
    _ target: ArraySlice<UInt8>, width: Int, base: ArraySlice<UInt8>? = nil, at place: Int = 0
  ) -> [UInt8] {
    var piece = Piece(operation: .literal, width: width, length: target.count, base: 0)
    let literal = piece.head + planes(target, width)
    guard let base, base.count == target.count else { return literal }
    piece.base = place
    if base.elementsEqual(target) {
      piece.operation = .copy
      piece.width = 1
      return piece.head
    }
    piece.operation = .difference
    var best = piece.head + planes(Elements.folded(target, base, width: width), width)
    if width > 1 {
      piece.operation = .flip
      let flipped = zip(target, base).map { $0 ^ $1 }
      let other = piece.head + planes(flipped, width)
      if other.count < best.count { best = other }
    }
    return best.count < literal.count ? best : literal
  }

  /// The planes of `bytes`, each by the codec that makes it smallest.
  private static func planes(_ bytes: some RandomAccessCollection<UInt8>, _ width: Int) -> [UInt8] {
    let bytes = Array(bytes)
    return (0..<width).reduce(into: []) { all, first in
      all += plane(stride(from: first, to: bytes.count, by: width).map { bytes[$0] })
    }
  }

  /// One plane: codec, size, bytes.
  private static func plane(_ bytes: [UInt8]) -> [UInt8] {
    var (codec, code) = (Piece.Codec.stored, bytes)
    if let deflated = Deflate.compress(bytes, limit: bytes.count - 1) {
      (codec, code) = (.deflate, deflated)
    }
    let limit = code.count - max(1, code.count * gain / 100)
    if let adaptive = AdaptiveCoder.compress(bytes, limit: limit) {
      (codec, code) = (.adaptive, adaptive)
    }
    return [codec.rawValue] + Piece.number(code.count) + code
  }
}
