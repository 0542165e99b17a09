import CProtobufC
import CSchemas

/// Makes the skeleton of a message: the same message without tensor data and unknown fields.
///
/// In one pass without recursion it verifies what libprotobuf-c does not: depth, lengths, the size of
/// numbers, the count of fields, singular messages that come twice, NUL in strings. Where a tensor
/// has raw data, the skeleton has 16 bytes: its offset and length in the file (see `schemas/onnx.proto`).
/// So libprotobuf-c copies structure alone, and weights stay in the mapped file.
struct SkeletonBuilder {
  /// Messages within messages; a flat model has seven.
  static let maxDepth = 64
  /// Fields of all messages together.
  static let maxFields = 1 << 26
  /// The largest skeleton: libprotobuf-c counts in 32 bits.
  static let maxBytes = Int(Int32.max)

  /// A message that is being read.
  private struct Frame {
    let descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    /// Where the message ends in the file.
    let end: Int
    /// Where its length goes in the skeleton; nil for the outermost.
    let lengthAt: Int?
    /// Singular messages that have come, one bit for each field number below 64.
    var seen: UInt64 = 0
  }

  private var reader: WireReader
  private var frames: [Frame]
  private var fields = 0
  private var output: [UInt8] = []
  private let rawDataOwner: UnsafePointer<ProtobufCMessageDescriptor>

  /// The skeleton of the message of type `root` that `bytes` hold.
  static func skeleton(
    of bytes: UnsafeRawBufferPointer, root: UnsafePointer<ProtobufCMessageDescriptor>
  ) throws(ImportProblem) -> [UInt8] {
    var builder = SkeletonBuilder(
      reader: WireReader(bytes),
      frames: [Frame(descriptor: root, end: bytes.count, lengthAt: nil)],
      rawDataOwner: ONNXDescriptor.tensor)
    while let frame = builder.frames.last {
      if builder.reader.offset == frame.end {
        builder.close()
      } else {
        try builder.field(frame)
      }
    }
    return builder.output
  }

  /// Ends the innermost message.
  private mutating func close() {
    guard let frame = frames.popLast(), let position = frame.lengthAt else { return }
    // Five bytes were kept free; a number may have leading zeros.
    var length = output.count - position - 5
    for index in 0..<5 {
      output[position + index] = UInt8(length & 0x7F) | (index < 4 ? 0x80 : 0)
      length >>= 7
    }
  }

  /// Reads one field of the innermost message.
  private mutating func field(_ frame: Frame) throws(ImportProblem) {
    fields += 1
    let start = reader.offset
    guard fields <= Self.maxFields else {
      throw .malformed(offset: start, "there are too many fields for a model")
    }
    guard output.count <= Self.maxBytes else {
      throw .tooLarge(
        what: "the structure of the model", bytes: output.count, limit: Self.maxBytes)
    }
    let (number, wire) = try reader.tag(before: frame.end)
    let field = protobuf_c_message_descriptor_get_field(frame.descriptor, number)?.pointee
    if let field { try Self.check(field, wire, at: start) }
    switch wire {
    case .varint: _ = try reader.varint(before: frame.end)
    case .fixed64: try reader.skip(8, before: frame.end)
    case .fixed32: try reader.skip(4, before: frame.end)
    case .length:
      let length = try reader.length(before: frame.end)
      if let field, field.type == PROTOBUF_C_TYPE_MESSAGE {
        return try open(field, length: length, at: start)
      }
      let content = reader.offset
      try reader.skip(length, before: frame.end)
      guard let field else { return }
      if field.id == 9, frame.descriptor == rawDataOwner {
        return copyRange(content..<(content + length))
      }
      if field.type == PROTOBUF_C_TYPE_STRING,
        reader.bytes[content..<(content + length)].contains(0)
      {
        throw .malformed(offset: content, "a name holds a NUL byte")
      }
    }
    if field != nil { output.append(contentsOf: reader.bytes[start..<reader.offset]) }
  }

  /// Begins a message of `length` bytes.
  private mutating func open(
    _ field: ProtobufCFieldDescriptor, length: Int, at start: Int
  ) throws(ImportProblem) {
    guard frames.count < Self.maxDepth else {
      throw .malformed(offset: start, "messages are nested deeper than \(Self.maxDepth)")
    }
    guard let descriptor = field.descriptor else {
      throw .malformed(offset: start, "a message has no description")
    }
    if field.label != PROTOBUF_C_LABEL_REPEATED, field.id < 64 {
      let bit = UInt64(1) << UInt64(field.id)
      guard frames[frames.count - 1].seen & bit == 0 else {
        throw .malformed(offset: start, "field \(String(cString: field.name)) comes twice")
      }
      frames[frames.count - 1].seen |= bit
    }
    appendVarint(UInt64(field.id) << 3 | 2)
    let position = output.count
    output.append(contentsOf: [0, 0, 0, 0, 0])
    frames.append(
      Frame(
        descriptor: UnsafePointer(
          descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)),
        end: reader.offset + length, lengthAt: position))
  }

  /// Writes raw data as the place where it lies.
  private mutating func copyRange(_ range: Range<Int>) {
    output.append(contentsOf: [9 << 3 | 2, 16])
    for word in [UInt64(range.lowerBound), UInt64(range.count)] {
      withUnsafeBytes(of: word.littleEndian) { output.append(contentsOf: $0) }
    }
  }

  private mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      output.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }

  /// Refuses a field that is stored otherwise than its type asks.
  private static func check(
    _ field: ProtobufCFieldDescriptor, _ wire: WireReader.WireType, at offset: Int
  ) throws(ImportProblem) {
    let expected: WireReader.WireType =
      switch field.type {
      case PROTOBUF_C_TYPE_MESSAGE, PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES: .length
      case PROTOBUF_C_TYPE_FLOAT: .fixed32
      case PROTOBUF_C_TYPE_DOUBLE: .fixed64
      default: .varint
      }
    // Repeated numbers may come packed, all in one.
    guard wire == expected || (wire == .length && field.label == PROTOBUF_C_LABEL_REPEATED) else {
      throw .malformed(
        offset: offset,
        "field \(String(cString: field.name)) has wire type \(wire.rawValue), "
          + "not \(expected.rawValue)")
    }
  }
}
