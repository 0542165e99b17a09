/// Verifies the value records.
struct ValueReader {
  private let directory: Directory
  private let names: NameTable
  private let tensors: [Tensor]
  private let places: [ModelFile.TensorPlace]

  init(
    _ directory: Directory, _ names: NameTable, _ tensors: [Tensor],
    _ places: [ModelFile.TensorPlace]
  ) {
    self.directory = directory
    self.names = names
    self.tensors = tensors
    self.places = places
  }

  /// A graph with all values and no nodes.
  func read(_ file: UnsafeRawBufferPointer) throws(ModelError) -> Graph {
    let section = directory[.values]
    let count = directory.counts.values
    guard section.size == count * V1.valueRecordSize else {
      throw ModelError(.entryCount, at: section.offset, "values", "\(count)")
    }
    var graph = Graph()
    graph.values.reserveCapacity(count)
    var seen = Set<String>(minimumCapacity: count)
    var isReferenced = [Bool](repeating: false, count: tensors.count)
    var expanded = 0
    var reader = ByteReader(directory.span(.values, in: file).bytes, base: section.offset)
    for index in 0..<count {
      let value = try read(&reader, index, &isReferenced)
      guard seen.insert(value.name).inserted else {
        throw ModelError(
          .valueName, at: section.offset + index * V1.valueRecordSize, "value '\(value.name)'")
      }
      if let tensor = value.constant {
        expanded += tensor.shape.count * tensor.type.size
        guard Limits.justifies(file: file.count, expanded: expanded) else {
          throw ModelError(
            .constantExpansion, at: section.offset + index * V1.valueRecordSize,
            "value '\(value.name)'", "\(expanded) bytes until here")
        }
      }
      graph.values.append(value)
    }
    if let orphan = isReferenced.firstIndex(of: false) {
      let offset = directory[.tensors].offset + orphan * V1.tensorRecordSize
      throw ModelError(.tensorReference, at: offset, "tensor \(orphan)")
    }
    return graph
  }

  private func read(
    _ reader: inout ByteReader, _ index: Int, _ isReferenced: inout [Bool]
  ) throws(ModelError) -> Value {
    let offset = reader.offset
    let name = try names.name(
      try reader.index(else: .valueRecord), else: .valueRecord, at: offset)
    func subject() -> String { "value '\(name)'" }
    let typeNumber = try reader.next(UInt8.self, else: .valueRecord)
    guard let type = ElementType(rawValue: typeNumber) else {
      throw ModelError(.elementType, at: offset + 4, subject(), "type \(typeNumber)")
    }
    let rank = try reader.next(UInt8.self, else: .valueRecord)
    let isQuantized = try reader.next(UInt8.self, else: .valueRecord)
    try reader.zeros(1, else: .valueRecord)
    guard isQuantized < 2 else { throw ModelError(.valueRecord, at: offset + 6, subject()) }
    let isOpen = rank == V1.openRank
    let extents = try RecordShape.read(&reader, rank: isOpen ? 0 : Int(rank), "value", name)
    let shape = isOpen ? nil : extents
    let tensorNumber = try reader.index(else: .valueRecord)
    let scale = Float(bitPattern: try reader.next(UInt32.self, else: .valueRecord))
    let zeroPoint = try reader.next(Int32.self, else: .valueRecord)
    try reader.zeros(12, else: .valueRecord)

    if isOpen {
      guard directory.dependsOnData, tensorNumber == 0, isQuantized == 0 else {
        throw ModelError(.openShape, at: offset + 5, subject())
      }
    }
    var value = Value(name: name, type: type, shape: shape)
    if isQuantized == 1 {
      guard tensorNumber == 0 else { throw ModelError(.valueRecord, at: offset + 6, subject()) }
      try ScaleReader.require(scale: scale, at: offset + 44, "value", name)
      try ScaleReader.require(zeroPoint: zeroPoint, of: type, at: offset + 48, "value", name)
      value.quantization = Quantization(scale: scale, zeroPoint: zeroPoint)
    } else {
      guard scale.bitPattern == 0, zeroPoint == 0 else {
        throw ModelError(.valueRecord, at: offset + 44, subject())
      }
    }
    if tensorNumber > 0 {
      guard tensorNumber <= tensors.count, tensors[tensorNumber - 1].shape == shape,
        Self.canStand(tensors[tensorNumber - 1], for: type),
        isReferenced[tensorNumber - 1] || places[tensorNumber - 1].name == name
      else { throw ModelError(.tensorReference, at: offset + 40, subject()) }
      value.constant = tensors[tensorNumber - 1]
      isReferenced[tensorNumber - 1] = true
    }
    return value
  }

  /// Whether a tensor may hold a constant of `type`: itself, or a narrower form of float32.
  private static func canStand(_ tensor: Tensor, for type: ElementType) -> Bool {
    if tensor.type == type { return tensor.quantization == nil }
    guard type == .float32 else { return false }
    return tensor.quantization != nil || tensor.type == .float16 || tensor.type == .bfloat16
  }
}
