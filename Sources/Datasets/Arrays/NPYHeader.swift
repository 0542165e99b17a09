import ModelFormat

/// The header of an `.npy` file: the type and shape of the array, and where its elements start.
struct NPYHeader: Hashable {
  /// `\x93NUMPY`.
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// The longest header that is read: numpy's own limit for untrusted files is 10,000.
  static let lengthLimit = 1 << 16

  /// The type of the elements.
  let type: ElementType
  /// The extents.
  let shape: Shape
  /// The position of the first element.
  let dataOffset: Int

  /// The bytes of all elements.
  var dataSize: Int { shape.count * type.size }

  /// The header of the `.npy` file in `bytes`; errors name `name`.
  ///
  /// - Throws: `DatasetError` where it is malformed, does not agree with the number of bytes, or
  ///   describes elements other than plain little-endian numbers in row-major order.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws(DatasetError) {
    let (text, dataOffset) = try Self.text(of: bytes, name)
    var parser = PythonLiteral(text)
    guard case .dictionary(let fields)? = parser.value(), parser.isAtEnd,
      let description = fields["descr"], case .bool(let isFortran)? = fields["fortran_order"],
      case .tuple(let extents)? = fields["shape"]
    else {
      throw .damaged(name: name, reason: "its header is not {'descr', 'fortran_order', 'shape'}")
    }
    type = try Self.type(description, name)
    let shape = Shape(extents)
    guard let count = shape.checkedCount, extents.count <= 64 else {
      throw .tooLarge(name: name, extents: extents, limit: "2^40 elements in 64 dimensions")
    }
    guard !isFortran || extents.count(where: { $0 != 1 }) <= 1 || count == 0 else {
      throw .unsupported(
        name: name, feature: "an array in Fortran order",
        remedy: "save it after numpy.ascontiguousarray")
    }
    // No overflow: `Limits.elements` times 8 bytes fits.
    let present = bytes.count - dataOffset
    guard count * type.size == present else {
      throw .damaged(
        name: name,
        reason: "its header states \(count * type.size) bytes of elements, but \(present) follow")
    }
    self.shape = shape
    self.dataOffset = dataOffset
  }

  /// The dictionary in the header, and where the elements start.
  private static func text(
    of bytes: UnsafeRawBufferPointer, _ name: String
  ) throws(DatasetError) -> (text: [UInt8], dataOffset: Int) {
    guard bytes.starts(with: magic), let version = bytes.at(6) else {
      throw .damaged(name: name, reason: "an .npy file without its header")
    }
    let length: Int?
    let start: Int
    switch version {
    case 1: (length, start) = (bytes.little(8, as: UInt16.self).map(Int.init), 10)
    case 2, 3: (length, start) = (bytes.little(8, as: UInt32.self).map(Int.init), 12)
    default:
      throw .unsupported(
        name: name, feature: ".npy version \(version)", remedy: "save it by numpy.save")
    }
    guard let length, length <= lengthLimit, let text = bytes.slice(start, length) else {
      throw .damaged(name: name, reason: "its header is cut short or too long")
    }
    return ([UInt8](text), start + length)
  }

  /// The element type that a `descr` such as `<f4` names.
  private static func type(
    _ description: PythonLiteral.Value, _ name: String
  ) throws(DatasetError) -> ElementType {
    guard case .string(let text) = description else {
      throw .unsupported(
        name: name, feature: "an array of records", remedy: "save its fields one by one")
    }
    guard let type = types[String(text.dropFirst())] else {
      throw .unsupported(
        name: name, feature: "dtype '\(text)'", remedy: "convert it, for example to float32")
    }
    guard type.size == 1 || text.first != ">" else {
      throw .unsupported(
        name: name, feature: "big-endian dtype '\(text)'",
        remedy: "convert it by astype('<\(text.dropFirst())')")
    }
    return type
  }

  private static let types: [String: ElementType] = [
    "f4": .float32, "f8": .float64, "f2": .float16, "u1": .uint8, "i1": .int8, "u2": .uint16,
    "i2": .int16, "i4": .int32, "i8": .int64, "u4": .uint32, "u8": .uint64, "b1": .bool,
  ]

  /// What numpy writes for a type, or nil for bfloat16, which it does not know.
  static func description(of type: ElementType) -> String? {
    types.first { $0.value == type }.map { (type.size == 1 ? "|" : "<") + $0.key }
  }
}
