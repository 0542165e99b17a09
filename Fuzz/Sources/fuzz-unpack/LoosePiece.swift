@testable import Ship

/// A piece of a chunk, taken apart without looking at what its planes hold.
struct LoosePiece {
  private var operation: UInt8
  private var exponent: Int
  private(set) var length: Int
  private var base: Int
  private var planes: [(codec: UInt8, bytes: [UInt8])]

  /// The pieces of `chunk`, or nil where they cannot be told apart.
  static func parse(_ chunk: [UInt8]) -> [LoosePiece]? {
    chunk.withUnsafeBytes { buffer in
      var reader = PieceReader(buffer)
      var pieces: [LoosePiece] = []
      while !reader.isAtEnd {
        guard let piece = LoosePiece(&reader) else { return nil }
        pieces.append(piece)
      }
      return pieces
    }
  }

  private init?(_ reader: inout PieceReader) {
    guard let kind = reader.byte(), let length = reader.number(limit: 1 << 20), kind >> 4 < 4
    else { return nil }
    (operation, exponent, self.length) = (kind & 15, Int(kind >> 4), length)
    (base, planes) = (0, [])
    if operation != 0 {
      guard let place = reader.number(limit: 1 << 43) else { return nil }
      base = place
    }
    guard operation != 1 else { return }
    for _ in 0..<(1 << exponent) {
      guard let codec = reader.byte(), let size = reader.number(limit: 1 << 20),
        let bytes = reader.take(size)
      else { return nil }
      planes.append((codec, [UInt8](bytes)))
    }
  }

  /// The piece as bytes; lengths of planes are theirs.
  var bytes: [UInt8] {
    let kind = operation | UInt8(truncatingIfNeeded: exponent) << 4
    var bytes = [kind] + Piece.number(length)
    if operation != 0 { bytes += Piece.number(base) }
    for plane in planes { bytes += [plane.codec] + Piece.number(plane.bytes.count) + plane.bytes }
    return bytes
  }

  /// Changes one thing of the piece.
  mutating func change(_ mutation: inout Mutation) {
    switch mutation.below(9) {
    case 0:
      operation = UInt8(mutation.below(5))
      if operation == 1 { (exponent, planes) = (0, []) }
    case 1:
      // Another width with as many planes as it needs.
      exponent = mutation.below(4)
      length = max(1, length >> exponent) << exponent
      if operation != 1 {
        planes = (0..<(1 << exponent)).map { _ in Self.coded([], length >> exponent, &mutation) }
      }
    case 2: length = min(1 << 20, Int(mutation.number() & 0x1FFFFF))
    case 3: base = Int(mutation.number() & (1 << 43 - 1))
    case 4: base = mutation.below(1 << 14)
    case 5:
      if !planes.isEmpty { planes[mutation.below(planes.count)].codec = UInt8(mutation.below(4)) }
    case 6:
      guard !planes.isEmpty else { return }
      let index = mutation.below(planes.count)
      planes[index].bytes = mutation.changed(planes[index].bytes)
    default:
      // What the plane stands for, changed and coded again.
      guard !planes.isEmpty else { return }
      let index = mutation.below(planes.count)
      guard length >> exponent <= PackedHeader.chunk else { return }
      let values = mutation.changed(Self.values(planes[index], length >> exponent), room: 1)
      planes[index] = Self.coded(values, length >> exponent, &mutation)
    }
  }

  /// What a plane holds; nothing where it is malformed.
  private static func values(_ plane: (codec: UInt8, bytes: [UInt8]), _ count: Int) -> [UInt8] {
    var values = [UInt8](repeating: 0, count: count)
    let isWhole = values.withUnsafeMutableBytes { values in
      plane.bytes.withUnsafeBytes { bytes in
        switch plane.codec {
        case 1: Inflater().inflate(bytes, into: values)
        case 2: AdaptiveCoder.decompress(bytes, into: values)
        default: false
        }
      }
    }
    return isWhole ? values : plane.bytes
  }

  /// `count` values, zeros behind those given, by one of the codecs.
  private static func coded(
    _ values: [UInt8], _ count: Int, _ mutation: inout Mutation
  ) -> (codec: UInt8, bytes: [UInt8]) {
    let all = Array((values + [UInt8](repeating: 0, count: count)).prefix(count))
    let limit = count + 1024
    switch mutation.below(3) {
    case 1: if let code = Deflate.compress(all, limit: limit) { return (1, code) }
    case 2: if let code = AdaptiveCoder.compress(all, limit: limit) { return (2, code) }
    default: break
    }
    return (0, all)
  }
}
