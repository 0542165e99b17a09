import ModelFormat

/// Makes the wire form of a file: what is sent to a device, whole or as the difference from another file.
///
/// Every stream is coded by itself in chunks of 64 KiB of the file, numbers of several bytes split into
/// planes; each plane is stored, Huffman-coded, deflated or coded adaptively, whichever is least.
/// docs/Shipping.md binds.
public enum Packer {
  /// What was packed.
  public struct Report: Sendable, Encodable {
    /// The packed file.
    public let path: String
    /// Its size in bytes.
    public let bytes: Int
    /// Bytes of the file that it unpacks to.
    public let unpackedBytes: Int
    /// Bytes of the base, for a delta.
    public let baseBytes: Int?
    /// The digest of the model's file that it unpacks to.
    public let digest: String
  }

  /// Packs the `.pare` file at `path` to `output`, as the difference from the one at `base` if there is one.
  ///
  /// `advance` is called with the part that is done.
  public static func pack(
    _ path: String, from base: String? = nil, to output: String,
    advance: (Double) -> Void = { _ in }
  ) throws(ShipError) -> Report {
    for source in [path, base].compactMap({ $0 }) where AtomicFile.isSameFile(source, output) {
      throw .wouldReplace(output)
    }
    let target = try PackedSource(path)
    let origin: PackedSource?
    if let base { origin = try PackedSource(base) } else { origin = nil }
    let packed = pack(target, from: origin, advance)
    try ShipError.filing { () throws(FileError) in
      try AtomicFile.write(to: output) { (sink) throws(FileError) in
        for part in packed {
          try part.withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
        }
      }
    }
    return Report(
      path: output, bytes: packed.reduce(0) { $0 + $1.count },
      unpackedBytes: target.bytes.count, baseBytes: origin?.bytes.count,
      digest: target.file.digest.hexadecimal)
  }

  /// The bytes that a stream of elements of `width` bytes takes in the wire form, cut into chunks.
  public static func byteCount(_ stream: [UInt8], width: Int) -> Int {
    stride(from: 0, to: stream.count, by: PackedHeader.chunk).reduce(0) { sum, start in
      let end = min(start + PackedHeader.chunk, stream.count)
      return sum + PieceWriter.piece(stream[start..<end], width: width).count
    }
  }

  /// Header and chunks.
  static func pack(
    _ target: PackedSource, from base: PackedSource?, _ advance: (Double) -> Void = { _ in }
  ) -> [Bytes] {
    let segments = target.file.segments
    let origins = Origins(base)
    let content = target.content
    var chunks: [Bytes] = []
    var next = 0
    let count = PackedHeader(packed: 0, target: content, base: .none).chunks
    for index in 0..<count {
      let range =
        (index * PackedHeader.chunk)..<min((index + 1) * PackedHeader.chunk, content.size)
      var pieces: [UInt8] = []
      while next < segments.count, segments[next].range.lowerBound < range.upperBound {
        let segment = segments[next]
        let part = segment.range.clamped(to: range)
        // Elements that do not fill their width are bytes; a chunk never cuts an element.
        let whole = part.count / segment.key.width * segment.key.width
        for (piece, width) in [
          (part.prefix(whole), segment.key.width), (part.dropFirst(whole), 1),
        ] where !piece.isEmpty {
          let place = origins.place(of: piece, in: segment)
          pieces += PieceWriter.piece(
            target.bytes[piece], width: width,
            base: place.flatMap { base?.bytes[$0..<($0 + piece.count)] }, at: place ?? 0)
        }
        if segment.range.upperBound > range.upperBound { break }
        next += 1
      }
      chunks.append(Bytes(Self.chunk(pieces)))
      advance(Double(index + 1) / Double(count))
    }
    let size = PackedHeader.size + chunks.reduce(0) { $0 + $1.count }
    let header = PackedHeader(packed: size, target: content, base: base?.content ?? .none)
    return [Bytes(header.bytes)] + chunks
  }

  /// A chunk: the size of its pieces, their digest, the pieces.
  private static func chunk(_ pieces: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(pieces.count).littleEndian) { [UInt8]($0) }
      + SHA256.digest(pieces) + pieces
  }
}

/// A file that is packed, or that a difference is made from; verified.
struct PackedSource {
  let file: ModelFile
  let bytes: [UInt8]

  init(_ path: String) throws(ShipError) {
    file = try ShipError.opening { () throws(OpenError) in try ModelReader.open(path: path) }
    bytes = try ShipError.filing { () throws(FileError) in
      Bytes(MappedFile.Shared(try MappedFile(path: path))).array
    }
  }

  init(_ file: ModelFile, _ bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  var content: PackedHeader.Content { .init(size: bytes.count, digest: SHA256.digest(bytes)) }
}
