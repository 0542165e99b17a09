import ModelFormat

/// The type of a value in a file.
struct FileType {
  /// The type of the elements in memory; half precision is still as the file has it.
  let element: ElementType
  /// Where they are integers of few bits: how the file has them.
  let packed: PackedInteger?

  /// The type with ONNX's number, or nil where it is not supported.
  init?(onnx number: Int64) {
    packed = PackedInteger(rawValue: number)
    guard let element = packed?.type ?? ElementType(onnx: number) else { return nil }
    self.element = element
  }
}

/// A type of integers of two or four bits, which are read into a byte each.
enum PackedInteger: Int64 {
  case uint4 = 21
  case int4 = 22
  case uint2 = 25
  case int2 = 26

  /// Bits of one integer.
  var bits: Int { self == .uint4 || self == .int4 ? 4 : 2 }

  /// The type that the integers are read into.
  var type: ElementType { self == .uint4 || self == .uint2 ? .uint8 : .int8 }

  /// Bytes that `count` integers take in a file.
  func byteCount(_ count: Int) -> Int { count / (8 / bits) + (count % (8 / bits) == 0 ? 0 : 1) }

  /// `count` integers of `packed`, which begin at the low bits of each byte, as a byte each.
  func expanded(_ packed: [UInt8], count: Int) -> [UInt8] {
    let perByte = 8 / bits
    let unused = UInt8(8 - bits)
    return (0..<count).map { index in
      // To the top of the byte, and down again with the sign where there is one.
      let top = packed[index / perByte] << (unused - UInt8(index % perByte * bits))
      return type == .int8
        ? UInt8(bitPattern: Int8(bitPattern: top) >> Int8(unused)) : top >> unused
    }
  }
}
