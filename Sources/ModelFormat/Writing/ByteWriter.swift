/// Bytes that grow at their end; numbers are written little endian.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ value: Float) { put(value.bitPattern) }

  mutating func put(_ more: [UInt8]) { bytes.append(contentsOf: more) }

  /// Zeros up to the next multiple of `alignment`.
  mutating func pad(to alignment: Int) { pad(count: V1.align(bytes.count, to: alignment)) }

  /// Zeros until there are `count` bytes.
  mutating func pad(count: Int) {
    bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
  }
}
