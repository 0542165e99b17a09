import ModelFormat

/// Protobuf's wire format, written to memory.
struct WireWriter {
  /// What was written so far.
  private(set) var bytes: [UInt8] = []

  /// A number of the wire type varint; what is zero is written too.
  mutating func varint(_ field: UInt64, _ value: Int64) {
    number(field << 3)
    number(UInt64(bitPattern: value))
  }

  /// A float32.
  mutating func float(_ field: UInt64, _ value: Float) {
    number(field << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A string, a message, or packed numbers.
  mutating func bytes(_ field: UInt64, _ content: some Collection<UInt8>) {
    header(field, count: content.count)
    bytes.append(contentsOf: content)
  }

  /// A string.
  mutating func string(_ field: UInt64, _ text: String) { bytes(field, text.utf8) }

  /// A string that is left out where it is empty.
  mutating func optional(_ field: UInt64, _ text: String) {
    if !text.isEmpty { string(field, text) }
  }

  /// A message that `body` writes.
  mutating func message(_ field: UInt64, _ body: (inout WireWriter) -> Void) {
    var inner = WireWriter()
    body(&inner)
    bytes(field, inner.bytes)
  }

  /// What stands before `count` bytes of a field, which the caller writes.
  mutating func header(_ field: UInt64, count: Int) {
    number(field << 3 | 2)
    number(UInt64(count))
  }

  private mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
