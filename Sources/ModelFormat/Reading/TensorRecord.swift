/// One record of the tensors section, as read: nothing is known yet about the streams.
struct TensorRecord {
  let name: String
  let type: ElementType
  let encoding: Encoding
  /// Quantization flags.
  let flags: UInt8
  let axis: Int
  let shape: Shape
  /// Where the first stream begins.
  let offset: Int
  /// Bytes of the streams.
  let positions: Int, values: Int, scales: Int
  let nonzero: Int
  let panelOrder: PanelOrder?
  let digest: [UInt8]

  /// Reads the record that lies at `at` of the file.
  init(_ record: UnsafeRawBufferPointer, at: Int, _ names: NameTable) throws(ModelError) {
    let nameNumber = UInt32(
      littleEndian: record.loadUnaligned(fromByteOffset: 80, as: UInt32.self))
    let name = try names.name(Int(nameNumber), else: .tensorRecord, at: at + 80)
    self.name = name
    func subject() -> String { "tensor '\(name)'" }
    var reader = ByteReader(record.bytes, base: at)
    let typeNumber = try reader.next(UInt8.self, else: .tensorRecord)
    guard let type = ElementType(rawValue: typeNumber) else {
      throw ModelError(.elementType, at: at, subject(), "type \(typeNumber)")
    }
    self.type = type
    let encodingNumber = try reader.next(UInt8.self, else: .tensorRecord)
    guard let encoding = Encoding(rawValue: encodingNumber) else {
      throw ModelError(.encodingUnknown, at: at + 1, subject(), "encoding \(encodingNumber)")
    }
    self.encoding = encoding
    let rank = try reader.next(UInt8.self, else: .tensorRecord)
    flags = try reader.next(UInt8.self, else: .tensorRecord)
    axis = Int(try reader.next(UInt8.self, else: .tensorRecord))
    try reader.zeros(3, else: .tensorRecord)
    shape = try RecordShape.read(&reader, rank: Int(rank), "tensor", name)
    var sizes: [Int] = []
    for _ in 0..<5 {
      let number = try reader.next(UInt64.self, else: .tensorRecord)
      guard number <= UInt64(Limits.elements) * 8 else {
        throw ModelError(.tensorRecord, at: reader.offset - 8, subject())
      }
      sizes.append(Int(number))
    }
    (offset, positions, values, scales) = (sizes[0], sizes[1], sizes[2], sizes[3])
    nonzero = sizes[4]
    _ = try reader.next(UInt32.self, else: .tensorRecord)  // the name, read above
    panelOrder = try Self.panelOrder(&reader, encoding, subject())
    if let panelOrder, PanelLayout(shape, panelOrder, elementSize: type.size) == nil {
      throw ModelError(.tensorRecord, at: at + 84, subject(), "no such panels")
    }
    digest = [UInt8](record[96..<128])
  }

  /// The order of a tensor in panels; nothing else has one.
  private static func panelOrder(
    _ reader: inout ByteReader, _ encoding: Encoding, _ subject: String
  ) throws(ModelError) -> PanelOrder? {
    guard encoding == .panels else {
      try reader.zeros(12, else: .tensorRecord)
      return nil
    }
    guard try reader.next(UInt8.self, else: .tensorRecord) == PanelOrder.width else {
      throw ModelError(.tensorRecord, at: reader.offset - 1, subject, "panels of another width")
    }
    let quantum = Int(try reader.next(UInt8.self, else: .tensorRecord))
    try reader.zeros(2, else: .tensorRecord)
    return PanelOrder(
      groups: try reader.index(else: .tensorRecord),
      sideBySide: try reader.index(else: .tensorRecord), quantum: quantum)
  }

  /// Where the tensor lies.
  var place: ModelFile.TensorPlace {
    ModelFile.TensorPlace(
      name: name, offset: offset, positions: positions, values: values, scales: scales,
      span: end - offset, digest: digest, streams: streams)
  }

  /// What errors are about.
  var subject: String { "tensor '\(name)'" }

  // Each size is below 2⁴³, so that these sums cannot overflow.

  /// Where the values begin.
  var valuesOffset: Int { V1.align(offset + positions, to: V1.streamAlignment) }
  /// Where the scales begin.
  var scalesOffset: Int { V1.align(valuesOffset + values, to: V1.streamAlignment) }
  /// Behind the last stream.
  var end: Int { scalesOffset + scales }

  /// The streams that are not empty.
  var streams: [ModelFile.Stream] {
    // With half ratios a float32 comes first.
    let largest = flags & V1.QuantizationFlag.halfRatios != 0 ? 4 : 0
    return [
      .init(
        name: "positions", offset: offset, size: positions, width: encoding == .csr16 ? 2 : 1),
      .init(name: "values", offset: valuesOffset, size: values, width: type.size),
      .init(name: "scales", offset: scalesOffset, size: largest, width: 4),
      .init(
        name: "scales", offset: scalesOffset + largest, size: scales - largest,
        width: largest > 0 ? 2 : 4),
    ].filter { $0.size > 0 }
  }
}
