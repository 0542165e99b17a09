/// Lays out a model as a file: the same model always gives the same bytes.
public struct ModelWriter {
  private let model: Model
  /// Everything before the data: header, section table, sections.
  private let head: [UInt8]
  private let tensors: [PlacedTensor]

  /// The size of the file in bytes.
  public let byteCount: Int

  /// Lays out `model`.
  ///
  /// Names, counts and shapes must be within `Limits`; the reader checks them.
  public init(_ model: Model) {
    self.model = model
    let names = NameIndex(model.graph)
    let pool = TensorPool(model.graph)
    let contents: [(kind: UInt32, bytes: [UInt8])] =
      (model.signature.map { [(V1.Signature.kind, Self.section($0))] } ?? []) + [
        (V1.Section.names.kind, names.section()),
        (V1.Section.values.kind, ValueWriter.section(model.graph, names, pool)),
      ]
    var sections = contents
    // Tensor records hold offsets that depend on the size of all that comes before: their own size
    // is known, so that the place of the data is too.
    let graph = GraphWriter.section(model.graph, names)
    let later: [(UInt32, [UInt8])] =
      [(V1.Section.graph.kind, graph), (V1.Section.metadata.kind, model.metadata.array)]
      + model.ancillary.map { ($0.kind, $0.bytes.array) }
    let recordBytes = pool.tensors.count * V1.tensorRecordSize
    let sectionCount = contents.count + 2 + later.count
    var offset = V1.headerSize + sectionCount * V1.sectionEntrySize
    for size in contents.map({ $0.bytes.count }) + [recordBytes] + later.map({ $0.1.count }) {
      offset = V1.align(offset) + size
    }
    let dataStart = V1.align(offset)
    let placed = PlacedTensor.place(pool, from: dataStart)
    let dataEnd = placed.last.map({ $0.end }) ?? dataStart
    sections.append((V1.Section.tensors.kind, PlacedTensor.records(placed, names)))
    sections += later.map { (kind: $0.0, bytes: $0.1) }

    tensors = placed
    byteCount = dataEnd
    head = Self.head(
      sections, data: dataStart..<dataEnd, model, tensorCount: placed.count)
  }

  /// Hands the file out piece by piece, in order.
  public func write<E: Error>(
    to sink: (UnsafeRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    try Self.emit(head, to: sink)
    var end = head.count
    for tensor in tensors {
      try Self.emit([UInt8](repeating: 0, count: tensor.offset - end), to: sink)
      for stream in tensor.streams {
        try stream.withUnsafeBytes { (bytes) throws(E) in try sink(bytes) }
      }
      end = tensor.end
    }
  }

  /// The whole file in memory.
  public func bytes() -> [UInt8] {
    var file: [UInt8] = []
    file.reserveCapacity(byteCount)
    write { (bytes: UnsafeRawBufferPointer) in file.append(contentsOf: bytes) }
    return file
  }

  /// Header and section table: what a signature is made of, behind `ModelSignature.context`.
  ///
  /// They do not depend on the bytes of the model's signature, only on whether there is one.
  public var signedBytes: [UInt8] {
    let sections = head[V1.Header.sections..<(V1.Header.sections + 4)].reversed()
      .reduce(0) { $0 << 8 | Int($1) }
    return Array(head[..<(V1.headerSize + sections * V1.sectionEntrySize)])
  }

  private static func section(_ signature: ModelSignature) -> [UInt8] {
    var section = ByteWriter()
    section.put(V1.Signature.algorithm)
    section.put(UInt32(0))
    section.put(signature.keyID)
    section.put(signature.bytes)
    return section.bytes
  }

  private static func emit<E: Error>(
    _ bytes: [UInt8], to sink: (UnsafeRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    guard !bytes.isEmpty else { return }
    try Bytes(bytes).withUnsafeBytes { (buffer) throws(E) in try sink(buffer) }
  }

  /// Header, section table and sections, up to the start of the data.
  private static func head(
    _ sections: [(kind: UInt32, bytes: [UInt8])], data: Range<Int>, _ model: Model,
    tensorCount: Int
  ) -> [UInt8] {
    var table = ByteWriter()
    var body = ByteWriter()
    let tableEnd = V1.headerSize + (sections.count + 1) * V1.sectionEntrySize
    for section in sections {
      body.pad(count: V1.align(tableEnd + body.bytes.count) - tableEnd)
      table.put(section.kind)
      table.put(UInt32(0))
      table.put(UInt64(tableEnd + body.bytes.count))
      table.put(UInt64(section.bytes.count))
      // The signature is made of this table: it cannot be reached from it.
      table.put(
        section.kind == V1.Signature.kind
          ? [UInt8](repeating: 0, count: V1.digestSize) : SHA256.digest(section.bytes))
      table.put(UInt64(0))
      body.put(section.bytes)
    }
    body.pad(count: data.lowerBound - tableEnd)
    table.put(V1.Section.data.kind)
    table.put(UInt32(0))
    table.put(UInt64(data.lowerBound))
    table.put(UInt64(data.count))
    table.pad(count: table.bytes.count + V1.digestSize + 8)

    let graph = model.graph
    var header = ByteWriter()
    header.put(V1.magic)
    header.put(V1.byteOrderMark)
    header.put(V1.major)
    header.put(V1.minor)
    header.put(UInt64(data.upperBound))
    header.put(graph.dependsOnData ? V1.Feature.dependsOnData : 0)
    header.put(UInt64(0))  // compatible features
    for count in [
      sections.count + 1, graph.values.count, tensorCount, graph.nodes.count, graph.inputs.count,
      graph.outputs.count,
    ] {
      header.put(UInt32(count))
    }
    header.put(model.release)
    header.put(SHA256.digest(table.bytes))
    header.pad(count: V1.Header.checksum)
    header.put(CRC32.checksum(header.bytes))
    return header.bytes + table.bytes + body.bytes
  }
}
