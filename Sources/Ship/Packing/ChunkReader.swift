import ModelFormat

/// Unpacks chunks: verifies a chunk's digest, then makes its pieces.
///
/// Memory: buffers for one chunk packed (80 KiB), one plane (64 KiB), one chunk unpacked (64 KiB), and
/// zlib's (some 40 KiB); nothing grows with the file.
final class ChunkReader {
  /// Reads bytes of the base into a buffer; false where they cannot be read.
  typealias Base = (_ offset: Int, _ into: UnsafeMutableRawBufferPointer) -> Bool

  private let inflater = Inflater()
  private var packed = [UInt8](repeating: 0, count: PackedHeader.mostPacked)
  private var plane = [UInt8](repeating: 0, count: PackedHeader.chunk)
  private var chunk = [UInt8](repeating: 0, count: PackedHeader.chunk)
  private let baseSize: Int

  /// A reader of the chunks of a file that is a difference from `baseSize` bytes, or from nothing.
  init(baseSize: Int) { self.baseSize = baseSize }

  /// Fills the first `count` bytes of the packed chunk.
  func load(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Bool) -> Bool {
    packed.withUnsafeMutableBytes { body(UnsafeMutableRawBufferPointer(rebasing: $0[..<count])) }
  }

  /// Unpacks the loaded chunk of `packedCount` bytes to `count` bytes, which `body` gets.
  ///
  /// - Throws: `PackedError` at `offset`, where the chunk lies.
  func unpack(
    _ packedCount: Int, to count: Int, digest: [UInt8], at offset: Int, base: Base,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(PackedError) {
    let verified = packed.withUnsafeBytes {
      SHA256.digest(UnsafeRawBufferPointer(rebasing: $0[..<packedCount])) == digest
    }
    guard verified else { throw PackedError(.chunkDigest, at: offset) }
    let problem: PackedError? = packed.withUnsafeBytes { packed in
      plane.withUnsafeMutableBytes { plane in
        chunk.withUnsafeMutableBytes { chunk in
          var reader = PieceReader(UnsafeRawBufferPointer(rebasing: packed[..<packedCount]))
          let target = UnsafeMutableRawBufferPointer(rebasing: chunk[..<count])
          do throws(PackedError) {
            try make(target, of: &reader, plane, at: offset, base)
          } catch { return error }
          body(UnsafeRawBufferPointer(target))
          return nil
        }
      }
    }
    if let problem { throw problem }
  }

  /// Makes all pieces of a chunk.
  private func make(
    _ target: UnsafeMutableRawBufferPointer, of reader: inout PieceReader,
    _ plane: UnsafeMutableRawBufferPointer, at offset: Int, _ base: Base
  ) throws(PackedError) {
    var done = 0
    while done < target.count {
      guard let piece = try head(&reader, rest: target.count - done, at: offset) else {
        throw PackedError(.pieceLength, at: offset)
      }
      let out = UnsafeMutableRawBufferPointer(rebasing: target[done..<(done + piece.length)])
      if piece.operation != .literal {
        guard piece.base <= baseSize, piece.length <= baseSize - piece.base else {
          throw PackedError(.baseRange, at: offset, "byte \(piece.base) of \(baseSize)")
        }
        guard base(piece.base, out) else { throw PackedError(.baseRange, at: offset) }
      }
      if piece.operation != .copy {
        let values = UnsafeMutableRawBufferPointer(rebasing: plane[..<piece.length])
        try read(&reader, piece, into: values, at: offset)
        let planes = UnsafeRawBufferPointer(values)
        switch piece.operation {
        case .difference: Elements.apply(Unfold.self, planes, to: out, width: piece.width)
        case .flip: Elements.apply(Flip.self, planes, to: out, width: piece.width)
        case .literal, .copy: Elements.apply(Replace.self, planes, to: out, width: piece.width)
        }
      }
      done += piece.length
    }
    guard reader.isAtEnd else { throw PackedError(.pieceLength, at: offset) }
  }

  /// The next piece, without its planes; nil where the chunk ends.
  private func head(
    _ reader: inout PieceReader, rest: Int, at offset: Int
  ) throws(PackedError) -> Piece? {
    guard let kind = reader.byte() else { return nil }
    let exponent = Int(kind >> 4)
    guard let operation = Piece.Operation(rawValue: kind & 15), exponent < Piece.widths.count,
      operation != .copy || exponent == 0
    else { throw PackedError(.piece, at: offset, "kind \(kind)") }
    let width = Piece.widths[exponent]
    guard let length = reader.number(limit: rest), length > 0, length % width == 0 else {
      throw PackedError(.pieceLength, at: offset)
    }
    var base = 0
    if operation != .literal {
      guard let place = reader.number(limit: PackedHeader.mostBytes) else {
        throw PackedError(.baseRange, at: offset)
      }
      base = place
    }
    return Piece(operation: operation, width: width, length: length, base: base)
  }

  /// Takes the planes of a piece apart, one behind the other.
  private func read(
    _ reader: inout PieceReader, _ piece: Piece, into planes: UnsafeMutableRawBufferPointer,
    at offset: Int
  ) throws(PackedError) {
    let count = piece.length / piece.width
    for index in 0..<piece.width {
      let plane = UnsafeMutableRawBufferPointer(
        rebasing: planes[(index * count)..<((index + 1) * count)])
      guard let codec = reader.byte().flatMap(Piece.Codec.init(rawValue:)),
        let size = reader.number(limit: count), let bytes = reader.take(size)
      else { throw PackedError(.plane, at: offset, "plane \(index)") }
      let isWhole: Bool
      switch codec {
      case .stored:
        isWhole = size == count
        if isWhole { plane.copyMemory(from: bytes) }
      case .deflate: isWhole = inflater.inflate(bytes, into: plane)
      case .adaptive: isWhole = AdaptiveCoder.decompress(bytes, into: plane)
      }
      guard isWhole else { throw PackedError(.plane, at: offset, "plane \(index)") }
    }
  }
}
