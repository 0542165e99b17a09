internal import CDigests

/// The SHA-256 digest (FIPS 180-4), fed piece by piece.
///
/// Processors with instructions for it take those (CDigests), all others `SHA256.compress`; the digest
/// is the same.
public struct SHA256 {
  /// The eight words before the first block.
  static let start = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19)
  /// The functions of this processor, or nil where it has none.
  nonisolated(unsafe) static let hardware = pare_sha256_best()

  private var state = Self.start
  /// The bytes behind the last whole block; all others are zero.
  private var pending = SIMD64<UInt8>()
  private var length = 0

  /// An empty message.
  public init() {}

  /// The 32-byte digest of `bytes`.
  public static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// The 32-byte digest of `bytes`.
  public static func digest(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { digest($0) }
  }

  /// Appends `bytes` to the message.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    let used = length % 64
    length += bytes.count
    if used > 0 {
      let taken = min(64 - used, rest.count)
      keep(rest[..<taken], at: used)
      rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
      guard used + taken == 64 else { return }
      withUnsafeBytes(of: pending) { Self.fold($0, into: &state) }
      pending = SIMD64()
    }
    let whole = rest.count / 64 * 64
    Self.fold(UnsafeRawBufferPointer(rebasing: rest[..<whole]), into: &state)
    keep(rest[whole...], at: 0)
  }

  /// The digest of the message; the value must not be used afterwards.
  public mutating func finish() -> [UInt8] {
    let tail = SHA256Tail(pending, length: length)
    tail.withUnsafeBytes { Self.fold($0, into: &state) }
    return Self.bytes(of: state)
  }

  private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>, at start: Int) {
    withUnsafeMutableBytes(of: &pending) { buffer in
      UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes))
    }
  }

  /// Folds whole blocks into `state`.
  static func fold(_ blocks: UnsafeRawBufferPointer, into state: inout SIMD8<UInt32>) {
    guard let base = blocks.baseAddress, blocks.count >= 64 else { return }
    guard let hardware else { return compress(base, blocks: blocks.count / 64, &state) }
    withUnsafeMutableBytes(of: &state) { words in
      hardware.pointee.one(
        words.assumingMemoryBound(to: UInt32.self).baseAddress,
        base.assumingMemoryBound(to: UInt8.self), blocks.count / 64)
    }
  }

  /// The digest that a state stands for: its words, big endian.
  static func bytes(of state: SIMD8<UInt32>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { out, initialized in
      for index in 0..<32 {
        out[index] = UInt8(truncatingIfNeeded: state[index / 4] >> UInt32(24 - index % 4 * 8))
      }
      initialized = 32
    }
  }
}

/// The last block or two of a message: what is left of it, a one bit, zeros, the length in bits.
struct SHA256Tail {
  private var blocks: (SIMD64<UInt8>, SIMD64<UInt8>)
  /// One or two.
  let count: Int

  /// The tail of a message of `length` bytes, whose last `length % 64` are those of `rest`.
  init(_ rest: SIMD64<UInt8>, length: Int) {
    let used = length % 64
    count = used < 56 ? 1 : 2
    blocks = (rest, SIMD64())
    let end = count * 64 - 8
    withUnsafeMutableBytes(of: &blocks) {
      $0[used] = 0x80
      $0.storeBytes(of: (UInt64(length) * 8).bigEndian, toByteOffset: end, as: UInt64.self)
    }
  }

  /// Calls `body` with the blocks.
  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    Swift.withUnsafeBytes(of: blocks) {
      body(UnsafeRawBufferPointer(rebasing: $0[..<(count * 64)]))
    }
  }
}

extension [UInt8] {
  /// The bytes as lower-case hexadecimal digits, as digests are written.
  public var hexadecimal: String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
