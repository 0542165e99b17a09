/// The 512-byte header of one tar member.
struct TarHeader {
  /// The size of a header and the unit in which members are padded, in bytes.
  static let blockSize = 512

  /// What a member is; raw values are the type flags.
  enum Kind: Hashable {
    /// A regular file.
    case file
    /// A link, folder, device or pipe: it has no data.
    case other
    /// GNU: the name of the next member.
    case longName
    /// pax: records for the next member.
    case pax
    /// What carries data that is of no interest: long link names, global pax records.
    case skipped
    /// A GNU sparse file, whose data is not what it states.
    case sparse
  }

  /// The path, as the header alone gives it.
  let name: String
  /// The bytes of data that follow.
  let size: Int
  /// What the member is.
  let kind: Kind

  /// The header that `bytes` start with, or nil where they are none: the checksum tells.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let block = bytes.slice(0, Self.blockSize),
      let stated = Self.number(block[148..<156]), stated == Self.checksum(block),
      let size = Self.number(block[124..<136]), size >= 0
    else { return nil }
    self.size = size
    kind = Self.kind(block[156])
    let name = UnsafeRawBufferPointer(rebasing: block[0..<100]).text
    let prefix = UnsafeRawBufferPointer(rebasing: block[345..<500]).text
    let isPOSIX = block[257..<263].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72, 0])
    self.name = isPOSIX && !prefix.isEmpty ? prefix + "/" + name : name
  }

  private static func kind(_ flag: UInt8) -> Kind {
    switch flag {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .file
    case UInt8(ascii: "1")...UInt8(ascii: "6"): .other
    case UInt8(ascii: "L"): .longName
    case UInt8(ascii: "x"), UInt8(ascii: "X"): .pax
    case UInt8(ascii: "S"): .sparse
    default: .skipped
    }
  }

  /// The sum of the header's bytes with its own checksum field blank.
  private static func checksum(_ block: UnsafeRawBufferPointer) -> Int {
    var sum = 8 * 0x20
    for (index, byte) in block.enumerated() where !(148..<156).contains(index) { sum += Int(byte) }
    return sum
  }

  /// A number in octal digits, or in base 256 where the first bit is set; nil where it is neither.
  private static func number(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard let first = field.first else { return nil }
    if first == 0x80 {
      // GNU writes sizes from 8 GiB so.
      var value = 0
      for byte in field.dropFirst() {
        guard value <= Int.max >> 8 else { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    var value = 0
    var hasDigits = false
    // At most 12 digits of 3 bits: this cannot overflow.
    for byte in field {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        value = value << 3 | Int(byte & 7)
        hasDigits = true
      case 0x20 where !hasDigits: continue
      case 0, 0x20: return hasDigits ? value : nil
      default: return nil
      }
    }
    return hasDigits ? value : nil
  }
}
