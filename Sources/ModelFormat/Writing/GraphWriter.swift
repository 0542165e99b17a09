/// The content of the values section.
enum ValueWriter {
  static func section(_ graph: Graph, _ names: NameIndex, _ pool: TensorPool) -> [UInt8] {
    var writer = ByteWriter()
    for (index, value) in graph.values.enumerated() {
      let start = writer.bytes.count
      writer.put(names[value.name])
      writer.put(value.type.rawValue)
      writer.put(value.shape.map { UInt8($0.rank) } ?? V1.openRank)
      writer.put(UInt8(value.quantization == nil ? 0 : 1))
      writer.pad(count: start + 8)
      for extent in value.shape?.dimensions ?? [] { writer.put(UInt32(extent)) }
      writer.pad(count: start + 40)
      writer.put(UInt32(pool.numbers[index].map { $0 + 1 } ?? 0))
      writer.put(value.quantization?.scales[0] ?? 0)
      writer.put(value.quantization?.zeroPoints[0] ?? 0)
      writer.pad(count: start + V1.valueRecordSize)
    }
    return writer.bytes
  }
}

/// The content of the graph section.
enum GraphWriter {
  static func section(_ graph: Graph, _ names: NameIndex) -> [UInt8] {
    var writer = ByteWriter()
    writer.put(names[graph.name])
    for id in graph.inputs + graph.outputs { writer.put(UInt32(id.index)) }
    put(graph.nodes, names, hasBodies: graph.dependsOnData, &writer)
    return writer.bytes
  }

  private static func put(
    _ nodes: [Node], _ names: NameIndex, hasBodies: Bool, _ writer: inout ByteWriter
  ) {
    for node in nodes {
      writer.put(names[node.op])
      writer.put(names[node.name])
      writer.put(UInt32(node.inputs.count))
      writer.put(UInt32(node.outputs.count))
      writer.put(UInt32(node.attributes.count))
      for id in node.inputs + node.outputs {
        writer.put(id.map { UInt32($0.index) } ?? V1.absent)
      }
      // Name numbers follow the order of names, so that sorting by number sorts by name.
      for (name, attribute) in node.attributes.sorted(by: { names[$0.key] < names[$1.key] }) {
        writer.put(names[name])
        put(attribute, names, &writer)
      }
      guard hasBodies else { continue }
      writer.put(UInt32(node.bodies.count))
      for body in node.bodies { put(body: body, names, &writer) }
    }
  }

  private static func put(body: Graph, _ names: NameIndex, _ writer: inout ByteWriter) {
    writer.put(names[body.name])
    for count in [body.values.count, body.inputs.count, body.outputs.count, body.nodes.count] {
      writer.put(UInt32(count))
    }
    for value in body.values { writer.put(names[value.name]) }
    for id in body.inputs + body.outputs { writer.put(UInt32(id.index)) }
    put(body.nodes, names, hasBodies: true, &writer)
  }

  private static func put(
    _ attribute: Attribute, _ names: NameIndex, _ writer: inout ByteWriter
  ) {
    func head(_ kind: V1.AttributeKind, _ count: Int) {
      writer.put(kind.rawValue)
      writer.put(UInt32(count))
    }
    switch attribute {
    case .int(let value):
      head(.int, 1)
      writer.put(value)
    case .float(let value):
      head(.float, 1)
      writer.put(value)
    case .string(let value):
      head(.string, 1)
      writer.put(names[value])
    case .ints(let values):
      head(.ints, values.count)
      for value in values { writer.put(value) }
    case .floats(let values):
      head(.floats, values.count)
      for value in values { writer.put(value) }
    case .strings(let values):
      head(.strings, values.count)
      for value in values { writer.put(names[value]) }
    }
  }
}
