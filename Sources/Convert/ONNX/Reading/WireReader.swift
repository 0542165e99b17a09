/// A cursor over protobuf's wire format that never leaves its bytes.
struct WireReader {
  /// How the value behind a tag is stored.
  enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case length = 2
    case fixed32 = 5
  }

  /// The whole file.
  let bytes: UnsafeRawBufferPointer
  /// The position of the next byte.
  private(set) var offset = 0

  /// A cursor at the start of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// A number of up to 64 bits, stored in up to ten bytes before `end`.
  mutating func varint(before end: Int) throws(ImportProblem) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    for index in 0..<10 {
      guard offset < end, offset < bytes.count else {
        throw .malformed(offset: start, "a number is cut off")
      }
      let byte = bytes[offset]
      offset += 1
      // The tenth byte has room for one bit.
      guard index < 9 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << UInt64(7 * index)
      if byte < 0x80 { return value }
    }
    throw .malformed(offset: start, "a number is longer than 64 bits")
  }

  /// The number and the wire type of the next field.
  mutating func tag(before end: Int) throws(ImportProblem) -> (field: UInt32, wire: WireType) {
    let start = offset
    let value = try varint(before: end)
    guard value >> 3 >= 1, value >> 3 < 1 << 29 else {
      throw .malformed(offset: start, "field number \(value >> 3) is out of range")
    }
    guard let wire = WireType(rawValue: value & 7) else {
      throw .malformed(offset: start, "wire type \(value & 7) is not in use")
    }
    return (UInt32(value >> 3), wire)
  }

  /// The length of what follows, which ends at `end` or before.
  mutating func length(before end: Int) throws(ImportProblem) -> Int {
    let start = offset
    let value = try varint(before: end)
    guard value <= UInt64(end - offset) else {
      throw .malformed(
        offset: start, "\(value) bytes are announced, but only \(end - offset) are left")
    }
    return Int(value)
  }

  /// Moves on by `count` bytes, which lie before `end`.
  mutating func skip(_ count: Int, before end: Int) throws(ImportProblem) {
    guard count <= end - offset else {
      throw .malformed(
        offset: offset, "\(count) bytes are needed, but only \(end - offset) are left")
    }
    offset += count
  }
}
