import ModelFormat

/// The first 128 bytes of a packed file.
///
/// docs/Shipping.md binds.
struct PackedHeader {
  static let size = 128
  /// `\x89PARZ\r\n\x1a`.
  static let magic: [UInt8] = [0x89, 0x50, 0x41, 0x52, 0x5A, 0x0D, 0x0A, 0x1A]
  static let byteOrderMark: UInt32 = 0x0102_0304
  static let major: UInt16 = 1
  /// Bytes that each chunk unpacks to, except the last.
  static let chunk = 1 << 16
  /// Bytes before the pieces of a chunk: their size, and their digest.
  static let chunkRecord = 36
  /// The most bytes that the pieces of a chunk may take: what a writer never exceeds, since it can store.
  static let mostPacked = chunk + chunk / 4
  /// The largest file that is packed.
  static let mostBytes = 1 << 43

  /// A file that is taken apart or put together: its size, and the SHA-256 digest of all its bytes.
  struct Content: Equatable {
    let size: Int
    let digest: [UInt8]
    static let none = Content(size: 0, digest: [UInt8](repeating: 0, count: 32))
  }

  /// Bytes of the packed file.
  let packed: Int
  /// What it unpacks to.
  let target: Content
  /// What it is a difference from; `.none` for a whole file.
  let base: Content

  /// Chunks of the target.
  var chunks: Int { (target.size + Self.chunk - 1) / Self.chunk }

  /// Bytes that chunk `index` unpacks to.
  func size(ofChunk index: Int) -> Int { min(Self.chunk, target.size - index * Self.chunk) }

  /// The header as bytes.
  var bytes: [UInt8] {
    var bytes = Self.magic
    func put<T: FixedWidthInteger>(_ number: T) {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    put(Self.byteOrderMark)
    put(Self.major)
    put(UInt16(0))
    put(UInt64(packed))
    put(UInt64(0))  // incompatible features
    put(UInt64(target.size))
    bytes += target.digest
    put(UInt64(base.size))
    bytes += base.digest
    put(UInt32(Self.chunk))
    put(UInt64(0))
    put(CRC32.checksum(bytes))
    return bytes
  }

  /// Reads a header.
  init(_ bytes: [UInt8]) throws(PackedError) {
    guard bytes.prefix(8).elementsEqual(Self.magic.prefix(bytes.count)) else {
      throw PackedError(.magic, at: 0)
    }
    guard bytes.count == Self.size else { throw PackedError(.headerLength, at: bytes.count) }
    func number<T: FixedWidthInteger>(_ at: Int, as type: T.Type = T.self) -> T {
      bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: T.self)) }
    }
    guard CRC32.checksum(bytes[..<124]) == number(124, as: UInt32.self) else {
      throw PackedError(.headerChecksum, at: 124)
    }
    guard number(8, as: UInt32.self) == Self.byteOrderMark else {
      throw PackedError(.byteOrder, at: 8)
    }
    guard number(12, as: UInt16.self) == Self.major else {
      throw PackedError(.majorVersion, at: 12, "version \(number(12, as: UInt16.self)), known is 1")
    }
    guard number(24, as: UInt64.self) == 0 else {
      throw PackedError(.incompatibleFeature, at: 24)
    }
    guard number(112, as: UInt32.self) == UInt32(Self.chunk) else {
      throw PackedError(.sizes, at: 112, "chunks of \(number(112, as: UInt32.self)) bytes")
    }
    guard number(116, as: UInt64.self) == 0 else { throw PackedError(.headerReserved, at: 116) }
    func size(_ at: Int) throws(PackedError) -> Int {
      let size = number(at, as: UInt64.self)
      guard size <= UInt64(Self.mostBytes) else {
        throw PackedError(.sizes, at: at, "\(size) bytes")
      }
      return Int(size)
    }
    packed = try size(16)
    target = Content(size: try size(32), digest: Array(bytes[40..<72]))
    base = Content(size: try size(72), digest: Array(bytes[80..<112]))
    guard target.size > 0 else { throw PackedError(.sizes, at: 32, "0 bytes") }
    guard base.size > 0 || base == .none else { throw PackedError(.sizes, at: 72) }
    let least = Self.size + chunks * (Self.chunkRecord + 1)
    let most = Self.size + chunks * (Self.chunkRecord + Self.mostPacked)
    guard packed >= least, packed <= most else {
      throw PackedError(.sizes, at: 16, "\(packed) bytes")
    }
  }

  /// The header of a file to be written.
  init(packed: Int, target: Content, base: Content) {
    self.packed = packed
    self.target = target
    self.base = base
  }
}
