/// A cursor over bytes that never reads beyond their end; numbers are little endian.
struct ByteReader: ~Escapable {
  private let bytes: RawSpan
  /// The offset in the file of the first byte, for errors.
  private let base: Int
  /// Bytes read so far.
  private(set) var position = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, base: Int) {
    self.bytes = bytes
    self.base = base
  }

  /// The offset in the file of the next byte.
  var offset: Int { base + position }

  /// Bytes that are left.
  var remaining: Int { bytes.byteCount - position }

  /// The next number, or `rule` where the bytes end before it.
  mutating func next<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type = T.self, else rule: ModelError.Rule
  ) throws(ModelError) -> T {
    guard remaining >= MemoryLayout<T>.size else { throw ModelError(rule, at: offset) }
    let value = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: T.self)
    position += MemoryLayout<T>.size
    return T(littleEndian: value)
  }

  /// The next number, converted to an index; `rule` where the bytes end before it.
  mutating func index(else rule: ModelError.Rule) throws(ModelError) -> Int {
    Int(try next(UInt32.self, else: rule))
  }

  /// Skips `count` bytes, which must be zero.
  mutating func zeros(_ count: Int, else rule: ModelError.Rule) throws(ModelError) {
    for _ in 0..<count where try next(UInt8.self, else: rule) != 0 {
      throw ModelError(rule, at: offset - 1)
    }
  }
}
