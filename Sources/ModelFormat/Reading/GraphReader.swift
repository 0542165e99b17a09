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
    graph.name = try name(&reader)
    let counts = directory.counts
    try fill(&graph, &reader, (counts.inputs, counts.outputs, counts.nodes), depth: 0)
    guard reader.remaining == 0 else { throw ModelError(.graphLength, at: reader.offset) }
  }

  /// Reads inputs, outputs and nodes of the graph of a file (`depth` 0) or of a body.
  private func fill(
    _ graph: inout Graph, _ reader: inout ByteReader,
    _ counts: (inputs: Int, outputs: Int, nodes: Int), depth: Int
  ) throws(ModelError) {
    let start = reader.offset
    var isDefined = graph.values.map { $0.constant != nil }
    for _ in 0..<counts.inputs {
      let id = try operand(&reader, graph)
      try define(id, &isDefined, graph, at: reader.offset - 4)
      guard depth > 0 || graph[id].shape != nil else {
        throw ModelError(.openShape, at: reader.offset - 4, "graph input '\(graph[id].name)'")
      }
      graph.inputs.append(id)
    }
    for _ in 0..<counts.outputs { graph.outputs.append(try operand(&reader, graph)) }
    for _ in 0..<counts.nodes {
      let node = try node(&reader, graph, depth: depth)
      for case let id? in node.inputs where !isDefined[id.index] {
        throw ModelError(
          .usedBeforeDefined, at: reader.offset, "node '\(node.name)'", graph[id].name)
      }
      for case let id? in node.outputs {
        try define(id, &isDefined, graph, at: reader.offset)
      }
      graph.nodes.append(node)
    }
    for id in graph.outputs where !isDefined[id.index] {
      throw ModelError(.graphOutput, at: start, "output '\(graph[id].name)'")
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

  private func node(
    _ reader: inout ByteReader, _ graph: Graph, depth: Int
  ) throws(ModelError) -> Node {
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
      let name = try names.name(index, else: .attribute, at: offset)
      // Names that differ in bytes alone, é as one scalar or as two, are one string here.
      guard node.attributes.updateValue(try attribute(&reader), forKey: name) == nil else {
        throw ModelError(.attribute, at: offset, "node '\(title)'", "'\(name)' is there twice")
      }
    }
    guard directory.dependsOnData else { return node }
    let bodies = try reader.index(else: .body)
    // A body takes five words at least: its name and its counts.
    guard bodies * 20 <= reader.remaining else {
      throw ModelError(.entryCount, at: reader.offset - 4, "node '\(title)'")
    }
    for _ in 0..<bodies { node.bodies.append(try body(&reader, of: node, depth: depth + 1)) }
    return node
  }

  private func body(
    _ reader: inout ByteReader, of node: Node, depth: Int
  ) throws(ModelError) -> Graph {
    let offset = reader.offset
    guard depth <= Limits.bodyDepth else {
      throw ModelError(.body, at: offset, "node '\(node.name)'", "more than \(Limits.bodyDepth)")
    }
    var graph = Graph(name: try name(&reader))
    let values = try reader.index(else: .body)
    let inputs = try reader.index(else: .body)
    let outputs = try reader.index(else: .body)
    let nodes = try reader.index(else: .body)
    // Values, inputs and outputs are a word each, nodes six at least.
    guard (values + inputs + outputs + nodes * 6) * 4 <= reader.remaining else {
      throw ModelError(.entryCount, at: offset, "node '\(node.name)'")
    }
    for _ in 0..<values {
      graph.values.append(Value(name: try name(&reader), type: .float32))
    }
    try fill(&graph, &reader, (inputs, outputs, nodes), depth: depth)
    return graph
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
