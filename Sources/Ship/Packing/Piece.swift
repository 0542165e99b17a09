/// What makes a stretch of a chunk, all elements of one width.
///
/// In the file: a byte for operation and width, the length and, for all but literals, the place in the
/// base as numbers of seven bits a byte; then for each plane of bytes a byte for the codec, the number
/// of its bytes, and these.
struct Piece: Equatable {
  /// How the target's elements come about.
  enum Operation: UInt8 {
    /// They are in the piece.
    case literal = 0
    /// They are those of the base.
    case copy = 1
    /// Base plus what is in the piece: differences of little-endian numbers, folded so that small ones of
    /// either sign have zeros in their upper bytes (0, -1, 1, -2 … are 0, 1, 2, 3 …).
    case difference = 2
    /// The bits of the base that are in the piece flip.
    case flip = 3
  }

  /// How a plane of bytes lies in the file.
  enum Codec: UInt8 {
    case stored = 0
    case deflate = 1
    case adaptive = 2
  }

  static let widths = [1, 2, 4, 8]

  var operation: Operation
  /// Bytes of an element: the bytes of each place in an element make a plane.
  var width: Int
  /// Bytes of the target; a multiple of the width.
  var length: Int
  /// Where in the base it begins; 0 for literals.
  var base: Int

  /// The first byte of the piece.
  var kind: UInt8 {
    operation.rawValue | UInt8(truncatingIfNeeded: width.trailingZeroBitCount) << 4
  }

  /// The bytes before the planes.
  var head: [UInt8] {
    [kind] + Self.number(length) + (operation == .literal ? [] : Self.number(base))
  }

  /// `number` in seven bits a byte, lowest first; the high bit says that another byte follows.
  static func number(_ number: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = UInt64(number)
    repeat {
      bytes.append(UInt8(truncatingIfNeeded: rest & 127) | (rest > 127 ? 128 : 0))
      rest >>= 7
    } while rest > 0
    return bytes
  }
}

/// Reads the pieces of a chunk.
struct PieceReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  mutating func byte() -> UInt8? {
    guard place < bytes.count else { return nil }
    place += 1
    return bytes[place - 1]
  }

  /// A number, or nil where it is cut, longer than need be, or above `limit`.
  mutating func number(limit: Int) -> Int? {
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 49, by: 7) {
      guard let byte = byte() else { return nil }
      number |= UInt64(byte & 127) << shift
      guard byte < 128 else { continue }
      guard byte > 0 || shift == 0, number <= UInt64(limit) else { return nil }
      return Int(number)
    }
    return nil
  }

  /// The next `count` bytes.
  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count <= bytes.count - place else { return nil }
    defer { place += count }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
  }
}
