import ModelFormat

/// The bodies of one node of control flow, on their way from the file to ours.
///
/// In the file a body reads whatever its surroundings define. Here it reads its inputs alone: what it
/// takes from outside, its own constants among them, becomes an operand of the node.
struct BodyAssembly {
  private var bodies: [(graph: Graph, captures: [(outer: ValueID, inner: ValueID)])] = []

  /// Converts one body; its nodes get names that begin with the node's.
  mutating func add(
    _ source: ONNXGraph, of draft: NodeDraft, _ outer: inout GraphBuilder
  ) throws(ImportProblem) {
    guard outer.depth < Limits.bodyDepth else {
      throw draft.unsupported("lies more than \(Limits.bodyDepth) bodies deep")
    }
    let initializers = try GraphAssembly.initializers(of: source)
    var inner = outer.nested(source, initializers: initializers)
    var captures: [(outer: ValueID, inner: ValueID)] = []
    for name in source.captures {
      guard let id = try outer.value(name) else {
        throw .undefinedValue(name: name, reader: "a body of node '\(draft.name)' (\(draft.op))")
      }
      captures.append((id, inner.addCapture(name, id, of: outer)))
    }
    // Reading what is around may have read tensors, which are counted.
    inner.count(from: outer)
    var sources = initializers.mapValues { _ in "an initializer" }
    for name in source.captures { sources[name] = "the graph around it" }
    for input in source.inputs where initializers[input.name] == nil {
      guard !input.name.isEmpty, sources.updateValue("an input", forKey: input.name) == nil else {
        throw draft.invalid("two inputs of its body are called '\(NameTable.clean(input.name))'")
      }
      inner.addInput(input.name)
    }
    let names = source.nodes.enumerated().map { index, node in
      inner.uniqueNodeName("\(draft.name)/\(OperatorCheck.nodeName(node, index))")
    }
    for index in try TopologicalOrder.order(source.nodes, names: names, sources: sources) {
      try GraphAssembly.convert(source.nodes[index], names[index], &inner)
    }
    for output in source.outputs { try inner.addOutput(output.name) }
    bodies.append((inner.graph, captures))
    outer.resume(from: inner)
  }

  /// Gives the draft its bodies, and as further operands what they read.
  mutating func finish(
    _ draft: inout NodeDraft, _ outer: inout GraphBuilder
  ) throws(ImportProblem) {
    var operands: [ValueID] = []
    var known: Set<ValueID> = []
    for index in bodies.indices {
      try takeOutConstants(index, &outer)
      for capture in bodies[index].captures where known.insert(capture.outer).inserted {
        operands.append(capture.outer)
      }
    }
    draft.inputs += operands
    draft.bodies = bodies.map { body, captures in
      var graph = body
      let inner = Dictionary(captures.map { ($0.outer, $0.inner) }, uniquingKeysWith: { a, _ in a })
      for operand in operands {
        let name = "\(outer.graph[operand].name).unused"
        graph.inputs.append(inner[operand] ?? graph.add(Value(name: name, type: .float32)))
      }
      return graph
    }
  }

  /// Makes constants of a body those of the graph around it, and drops what nobody in it reads.
  private mutating func takeOutConstants(
    _ index: Int, _ outer: inout GraphBuilder
  ) throws(ImportProblem) {
    var graph = bodies[index].graph
    var isRead = [Bool](repeating: false, count: graph.values.count)
    for node in graph.nodes { for case let id? in node.inputs { isRead[id.index] = true } }
    for id in graph.outputs { isRead[id.index] = true }
    var captures = bodies[index].captures.filter { isRead[$0.inner.index] }
    let captured = Set(captures.map(\.inner))
    for position in graph.values.indices where graph.values[position].constant != nil {
      let id = ValueID(position)
      if isRead[position], !captured.contains(id) {
        captures.append((outer.addConstant(graph[id]), id))
      }
      graph[id].constant = nil
      graph[id].shape = nil
    }
    bodies[index] = (graph, captures)
  }
}

extension NodeDraft {
  /// Takes the body with the name `key` out of the attributes.
  mutating func takeBody(_ key: String) throws(ImportProblem) -> ONNXGraph {
    guard case .graphs(let graphs)? = attributes.removeValue(forKey: key), graphs.count == 1 else {
      throw invalid("has no attribute '\(key)' that is a graph")
    }
    return graphs[0]
  }
}
