/// Verifies the tensor records and the data that they describe.
struct TensorReader {
  private let directory: Directory
  private let names: NameTable
  private let bytes: Bytes

  /// Values of so many bytes are given back to the system once they are verified.
  private static let worthRelease = 1 << 20

  init(_ directory: Directory, _ names: NameTable, _ bytes: Bytes) {
    self.directory = directory
    self.names = names
    self.bytes = bytes
  }

  /// The tensors of the file, in the order of their records, which is that of their data.
  func read(
    _ file: UnsafeRawBufferPointer, _ workers: Workers?
  ) throws(ModelError) -> (tensors: [Tensor], places: [ModelFile.TensorPlace]) {
    let records = try records(file)
    // All digests together: two at a time take less time than one behind the other.
    let digests = SHA256.digests(
      of: records.map { UnsafeRawBufferPointer(rebasing: file[$0.offset..<$0.end]) }, workers)
    let checked = check(records, file, workers)
    var tensors: [Tensor] = []
    var places: [ModelFile.TensorPlace] = []
    tensors.reserveCapacity(records.count)
    places.reserveCapacity(records.count)
    for (index, record) in records.enumerated() {
      guard digests[index] == record.digest else {
        throw ModelError(.tensorDigest, at: record.offset, record.subject)
      }
      guard case let result? = checked[index] else { continue }
      tensors.append(try result.get())
      places.append(record.place)
    }
    return (tensors, places)
  }

  /// The tensors that the records describe, their streams verified, or what is wrong with them.
  private func check(
    _ records: [TensorRecord], _ file: UnsafeRawBufferPointer, _ workers: Workers?
  ) -> [Result<Tensor, ModelError>?] {
    var results = [Result<Tensor, ModelError>?](repeating: nil, count: records.count)
    results.withUnsafeMutableBufferPointer { results in
      // Each part writes one element that no other touches.
      nonisolated(unsafe) let results = results
      nonisolated(unsafe) let file = file
      func check(_ index: Int) {
        do throws(ModelError) {
          results[index] = .success(try tensor(records[index], file))
        } catch {
          results[index] = .failure(error)
        }
      }
      if let workers { workers.run(records.count, check) } else { records.indices.forEach(check) }
    }
    return results
  }

  /// The records, whose streams lie within `data` and one behind the other; `file` may end before the
  /// data, and then nothing is said about what lies between the tensors.
  func records(_ file: UnsafeRawBufferPointer) throws(ModelError) -> [TensorRecord] {
    let section = directory[.tensors]
    let count = directory.counts.tensors
    guard section.size == count * V1.tensorRecordSize else {
      throw ModelError(.entryCount, at: section.offset, "tensors", "\(count)")
    }
    let data = directory[.data]
    let limit = data.offset + data.size
    var records: [TensorRecord] = []
    records.reserveCapacity(count)
    var end = data.offset
    for index in 0..<count {
      let offset = section.offset + index * V1.tensorRecordSize
      let bytes = UnsafeRawBufferPointer(rebasing: file[offset..<(offset + V1.tensorRecordSize)])
      let record = try TensorRecord(bytes, at: offset, names)
      guard record.offset == V1.align(end), record.offset <= limit else {
        throw ModelError(.tensorPlace, at: offset + 40, record.subject)
      }
      if record.offset <= file.count {
        try Directory.requireZeros(file.bytes, end..<record.offset)
      }
      guard record.end <= limit else {
        throw ModelError(.tensorPlace, at: offset + 48, record.subject)
      }
      records.append(record)
      end = record.end
    }
    guard end == limit else { throw ModelError(.tensorPlace, at: end, "end of data") }
    return records
  }

  /// The tensor that a record describes, its streams verified.
  private func tensor(
    _ record: TensorRecord, _ file: UnsafeRawBufferPointer
  ) throws(ModelError) -> Tensor {
    let offset = record.offset
    try Directory.requireZeros(
      file.bytes, (offset + record.positions)..<record.valuesOffset)
    try Directory.requireZeros(
      file.bytes, (record.valuesOffset + record.values)..<record.scalesOffset)
    let quantization = try ScaleReader(
      flags: record.flags, axis: record.axis, type: record.type, shape: record.shape,
      offset: record.scalesOffset, name: record.name
    ).read(UnsafeRawBufferPointer(rebasing: file[record.scalesOffset..<record.end]))
    if record.encoding != .dense, let quantization, !quantization.isSymmetric {
      throw ModelError(.sparseZeroPoint, at: record.scalesOffset, record.subject)
    }
    guard let positions = bytes.slice(offset..<(offset + record.positions)),
      let values = bytes.slice(record.valuesOffset..<(record.valuesOffset + record.values))
    else { throw ModelError(.tensorPlace, at: offset, record.subject) }
    let tensor = Tensor(
      type: record.type, shape: record.shape, quantization: quantization,
      encoding: record.encoding, nonzeroCount: record.nonzero, positions: positions,
      values: values, panelOrder: record.panelOrder)
    if let violation = record.encoding.codec.violation(tensor) {
      throw ModelError(
        .encodingStream, at: offset, record.subject,
        "\(record.encoding.name): \(violation.rawValue)")
    }
    // Read again when they are packed: until then their memory is for what is packed before them.
    if record.encoding != .panels, record.values >= Self.worthRelease { tensor.releasePages() }
    return tensor
  }
}

/// The eight extents that records hold.
enum RecordShape {
  /// Reads the extents and refuses those that no tensor can have.
  static func read(
    _ reader: inout ByteReader, rank: Int, _ kind: String, _ name: String
  ) throws(ModelError) -> Shape {
    let offset = reader.offset
    func subject() -> String { "\(kind) '\(name)'" }
    guard rank <= Limits.rank else {
      throw ModelError(.rank, at: offset, subject(), "rank \(rank)")
    }
    var dimensions: [Int] = []
    for axis in 0..<Limits.rank {
      let extent = try reader.index(else: .rank)
      if axis < rank {
        dimensions.append(extent)
      } else if extent != 0 {
        throw ModelError(.rank, at: reader.offset - 4, subject())
      }
    }
    let shape = Shape(dimensions)
    guard shape.checkedCount != nil else { throw ModelError(.elementCount, at: offset, subject()) }
    return shape
  }
}
