/// Verifies the graph section: nodes in an order in which each reads only what came before.
struct GraphReader {
  private let directory: Directory
  private let names: NameTable

  init(_ directory: Directory, _ names: NameTable) {
    self.directory = directory
    self.names = names
  }

  /// Reads inputs, outputs and nodes into a graph that has its values already.
  func read(_ file: UnsafeRawBufferPointer, into graph: inout Graph) throws(ModelError) {
    let section = directory[.graph]
    var reader = ByteReader(directory.span(.graph, in: file).bytes, base: section.offset)
    var isDefined = graph.values.map { $0.constant != nil }
    graph.name = try names.name(
      try reader.index(else: .graphLength), else: .operandIndex, at: section.offset)
    for _ in 0..<directory.counts.inputs {
      let id = try operand(&reader, graph)
      try define(id, &isDefined, graph, at: reader.offset - 4)
      graph.inputs.append(id)
    }
    for _ in 0..<directory.counts.outputs { graph.outputs.append(try operand(&reader, graph)) }
    for _ in 0..<directory.counts.nodes {
      let node = try node(&reader, graph)
      for case let id? in node.inputs where !isDefined[id.index] {
        throw ModelError(
          .usedBeforeDefined, at: reader.offset, "node '\(node.name)'", graph[id].name)
      }
      for case let id? in node.outputs {
        try define(id, &isDefined, graph, at: reader.offset)
      }
      graph.nodes.append(node)
    }
    guard reader.remaining == 0 else { throw ModelError(.graphLength, at: reader.offset) }
    for id in graph.outputs where !isDefined[id.index] {
      throw ModelError(.graphOutput, at: section.offset, "output '\(graph[id].name)'")
    }
  }

  private func define(
    _ id: ValueID, _ isDefined: inout [Bool], _ graph: Graph, at offset: Int
  ) throws(ModelError) {
    guard !isDefined[id.index] else {
      throw ModelError(.definedTwice, at: offset, "value '\(graph[id].name)'")
    }
    isDefined[id.index] = true
  }

  private func operand(_ reader: inout ByteReader, _ graph: Graph) throws(ModelError) -> ValueID {
    let index = try reader.index(else: .graphLength)
    guard index < graph.values.count else {
      throw ModelError(.operandIndex, at: reader.offset - 4, "", "\(index)")
    }
    return ValueID(index)
  }

  private func node(_ reader: inout ByteReader, _ graph: Graph) throws(ModelError) -> Node {
    let op = try name(&reader)
    let title = try name(&reader)
    let inputs = try reader.index(else: .graphLength)
    let outputs = try reader.index(else: .graphLength)
    let attributes = try reader.index(else: .graphLength)
    guard inputs <= Limits.operands, outputs <= Limits.operands, attributes <= Limits.operands,
      (inputs + outputs + attributes * 3) * 4 <= reader.remaining
    else { throw ModelError(.entryCount, at: reader.offset, "node '\(title)'") }
    var node = Node(name: title, op: op, inputs: [], outputs: [])
    for _ in 0..<inputs { node.inputs.append(try optionalOperand(&reader, graph)) }
    for _ in 0..<outputs { node.outputs.append(try optionalOperand(&reader, graph)) }
    var previous = -1
    for _ in 0..<attributes {
      let offset = reader.offset
      let index = try reader.index(else: .attribute)
      guard index > previous else {
        throw ModelError(.attribute, at: offset, "node '\(title)'", "attributes are not in order")
      }
      previous = index
      node.attributes[try names.name(index, else: .attribute, at: offset)] = try attribute(&reader)
    }
    return node
  }

  private func optionalOperand(
    _ reader: inout ByteReader, _ graph: Graph
  ) throws(ModelError) -> ValueID? {
    let index = try reader.next(UInt32.self, else: .graphLength)
    if index == V1.absent { return nil }
    guard index < graph.values.count else {
      throw ModelError(.operandIndex, at: reader.offset - 4, "", "\(index)")
    }
    return ValueID(Int(index))
  }

  private func name(_ reader: inout ByteReader) throws(ModelError) -> String {
    let offset = reader.offset
    return try names.name(
      try reader.index(else: .graphLength), else: .operandIndex, at: offset)
  }

  private func attribute(_ reader: inout ByteReader) throws(ModelError) -> Attribute {
    let offset = reader.offset
    let number = try reader.next(UInt32.self, else: .attribute)
    let count = try reader.index(else: .attribute)
    guard let kind = V1.AttributeKind(rawValue: number),
      count * (kind == .int || kind == .ints ? 8 : 4) <= reader.remaining,
      count == 1 || [.ints, .floats, .strings].contains(kind)
    else { throw ModelError(.attribute, at: offset) }
    switch kind {
    case .int: return .int(try reader.next(else: .attribute))
    case .float: return .float(Float(bitPattern: try reader.next(else: .attribute)))
    case .string: return .string(try name(&reader))
    case .ints:
      var list: [Int64] = []
      for _ in 0..<count { list.append(try reader.next(else: .attribute)) }
      return .ints(list)
    case .floats:
      var list: [Float] = []
      for _ in 0..<count { list.append(Float(bitPattern: try reader.next(else: .attribute))) }
      return .floats(list)
    case .strings:
      var list: [String] = []
      for _ in 0..<count { list.append(try name(&reader)) }
      return .strings(list)
    }
  }
}
