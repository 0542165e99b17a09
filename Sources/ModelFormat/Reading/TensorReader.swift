/// Verifies the tensor records and the data that they describe.
struct TensorReader {
  private let directory: Directory
  private let names: NameTable
  private let bytes: Bytes

  init(_ directory: Directory, _ names: NameTable, _ bytes: Bytes) {
    self.directory = directory
    self.names = names
    self.bytes = bytes
  }

  /// The tensors of the file, in the order of their records, which is that of their data.
  func read(
    _ file: UnsafeRawBufferPointer
  ) throws(ModelError) -> (tensors: [Tensor], places: [ModelFile.TensorPlace]) {
    let section = directory[.tensors]
    let count = directory.counts.tensors
    guard section.size == count * V1.tensorRecordSize else {
      throw ModelError(.entryCount, at: section.offset, "tensors", "\(count)")
    }
    let data = directory[.data]
    var tensors: [Tensor] = []
    var places: [ModelFile.TensorPlace] = []
    var end = data.offset
    for index in 0..<count {
      let offset = section.offset + index * V1.tensorRecordSize
      let record = UnsafeRawBufferPointer(
        rebasing: file[offset..<(offset + V1.tensorRecordSize)])
      let (tensor, place) = try read(
        record, at: offset, number: index, start: end, limit: data.offset + data.size, file)
      tensors.append(tensor)
      places.append(place)
      end = place.offset + place.span
    }
    guard end == data.offset + data.size else {
      throw ModelError(.tensorPlace, at: end, "end of data")
    }
    return (tensors, places)
  }

  private func read(
    _ record: UnsafeRawBufferPointer, at offset: Int, number: Int, start: Int, limit: Int,
    _ file: UnsafeRawBufferPointer
  ) throws(ModelError) -> (Tensor, ModelFile.TensorPlace) {
    let nameNumber = UInt32(
      littleEndian: record.loadUnaligned(fromByteOffset: 80, as: UInt32.self))
    let name = try names.name(Int(nameNumber), else: .tensorRecord, at: offset + 80)
    let subject = "tensor '\(name)'"
    var reader = ByteReader(record.bytes, base: offset)
    let typeNumber = try reader.next(UInt8.self, else: .tensorRecord)
    guard let type = ElementType(rawValue: typeNumber) else {
      throw ModelError(.elementType, at: offset, subject, "type \(typeNumber)")
    }
    let encodingNumber = try reader.next(UInt8.self, else: .tensorRecord)
    guard let encoding = Encoding(rawValue: encodingNumber) else {
      throw ModelError(.encodingUnknown, at: offset + 1, subject, "encoding \(encodingNumber)")
    }
    let rank = try reader.next(UInt8.self, else: .tensorRecord)
    let flags = try reader.next(UInt8.self, else: .tensorRecord)
    let axis = try reader.next(UInt8.self, else: .tensorRecord)
    try reader.zeros(3, else: .tensorRecord)
    let shape = try RecordShape.read(&reader, rank: Int(rank), subject)
    var sizes: [Int] = []
    for _ in 0..<5 {  // offset, positions, values, scales, nonzero
      let number = try reader.next(UInt64.self, else: .tensorRecord)
      guard number <= UInt64(Limits.elements) * 8 else {
        throw ModelError(.tensorRecord, at: reader.offset - 8, subject)
      }
      sizes.append(Int(number))
    }
    _ = try reader.next(UInt32.self, else: .tensorRecord)  // the name, read above
    try reader.zeros(12, else: .tensorRecord)
    let digest = [UInt8](record[96..<128])

    guard sizes[0] == V1.align(start), sizes[0] <= limit else {
      throw ModelError(.tensorPlace, at: offset + 40, subject)
    }
    try Directory.requireZeros(file.bytes, start..<sizes[0])
    // Each size is below 2⁴³, so that these sums cannot overflow.
    let values = V1.align(sizes[0] + sizes[1], to: V1.streamAlignment)
    let scales = V1.align(values + sizes[2], to: V1.streamAlignment)
    let end = scales + sizes[3]
    guard end <= limit else { throw ModelError(.tensorPlace, at: offset + 48, subject) }
    let streams = UnsafeRawBufferPointer(rebasing: file[sizes[0]..<end])
    guard SHA256.digest(streams) == digest else {
      throw ModelError(.tensorDigest, at: sizes[0], subject)
    }
    try Directory.requireZeros(file.bytes, (sizes[0] + sizes[1])..<values)
    try Directory.requireZeros(file.bytes, (values + sizes[2])..<scales)
    let quantization = try ScaleReader(
      flags: flags, axis: Int(axis), type: type, shape: shape, offset: scales, subject: subject
    ).read(UnsafeRawBufferPointer(rebasing: file[scales..<end]))
    if encoding != .dense, let quantization, !quantization.isSymmetric {
      throw ModelError(.sparseZeroPoint, at: scales, subject)
    }
    guard let positions = bytes.slice(sizes[0]..<(sizes[0] + sizes[1])),
      let elements = bytes.slice(values..<(values + sizes[2]))
    else { throw ModelError(.tensorPlace, at: offset + 40, subject) }
    let tensor = Tensor(
      type: type, shape: shape, quantization: quantization, encoding: encoding,
      nonzeroCount: sizes[4], positions: positions, values: elements)
    if let violation = encoding.codec.violation(tensor) {
      throw ModelError(
        .encodingStream, at: sizes[0], subject, "\(encoding.name): \(violation.rawValue)")
    }
    let place = ModelFile.TensorPlace(
      name: name, offset: sizes[0], positions: sizes[1], values: sizes[2], scales: sizes[3],
      span: end - sizes[0], digest: digest)
    return (tensor, place)
  }
}

/// The eight extents that records hold.
enum RecordShape {
  /// Reads the extents and refuses those that no tensor can have.
  static func read(
    _ reader: inout ByteReader, rank: Int, _ subject: String
  ) throws(ModelError) -> Shape {
    let offset = reader.offset
    guard rank <= Limits.rank else {
      throw ModelError(.rank, at: offset, subject, "rank \(rank)")
    }
    var dimensions: [Int] = []
    for axis in 0..<Limits.rank {
      let extent = try reader.index(else: .rank)
      if axis < rank {
        dimensions.append(extent)
      } else if extent != 0 {
        throw ModelError(.rank, at: reader.offset - 4, subject)
      }
    }
    let shape = Shape(dimensions)
    guard shape.checkedCount != nil else { throw ModelError(.elementCount, at: offset, subject) }
    return shape
  }
}
