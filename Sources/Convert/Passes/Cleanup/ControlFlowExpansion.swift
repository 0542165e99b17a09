import ModelFormat

/// Puts the nodes of a body in the place of the node that runs it, where it is known which and how often.
struct ControlFlowExpansion {
  /// Nodes that expansion may add to one graph: a long loop stays a loop.
  private var budget = 1 << 13
  private var names: FreshNames

  /// An expansion of nodes of `graph`.
  init(_ graph: Graph) { names = FreshNames(graph) }

  /// Nodes that compute the same as `node`, or nil where it has to stay.
  ///
  ///     If (constant condition)                        becomes  the nodes of the branch
  ///     Loop (constant trip count, no other condition) becomes  the nodes of the body, again and again
  mutating func expand(_ node: Node, _ graph: inout Graph) -> [Node]? {
    switch node.op {
    case "If": expandIf(node, &graph)
    case "Loop": expandLoop(node, &graph)
    default: nil
    }
  }

  private mutating func expandIf(_ node: Node, _ graph: inout Graph) -> [Node]? {
    guard node.bodies.count == 2, let condition = graph.truth(node.inputs[0]) else { return nil }
    let body = node.bodies[condition ? 0 : 1]
    let operands = node.inputs.dropFirst().compactMap { $0 }
    guard body.nodes.count <= budget, body.inputs.count == operands.count,
      body.outputs.count == node.outputs.count
    else { return nil }
    var nodes: [Node] = []
    let results = instantiate(body, operands, suffix: "", &nodes, &graph)
    finish(node, results, &nodes)
    return nodes
  }

  private mutating func expandLoop(_ node: Node, _ graph: inout Graph) -> [Node]? {
    guard node.bodies.count == 1, case .int(let stated)? = node.attributes["carried"],
      let trips = node.inputs[0].flatMap({ graph.integers($0)?.first }), trips >= 0,
      node.inputs[1].map({ graph.truth($0) == true }) ?? true
    else { return nil }
    let body = node.bodies[0]
    let carried = Int(clamping: stated)
    let operands = node.inputs.dropFirst(2).compactMap { $0 }
    guard carried >= 0, carried <= operands.count, carried <= node.outputs.count,
      body.inputs.count == operands.count + 2, body.outputs.count == node.outputs.count + 1,
      operands.count == node.inputs.count - 2,
      keepsGoing(body, operands, graph), trips > 0 || carried == node.outputs.count,
      trips <= budget / (body.nodes.count + node.outputs.count + 1)
    else { return nil }
    // What instantiating takes does not count rows, nor iterations of an empty body.
    budget -= trips * (node.outputs.count + 1)
    var nodes: [Node] = []
    var state = Array(operands.prefix(carried))
    let captures = Array(operands.dropFirst(carried))
    var rows = [[ValueID]](repeating: [], count: node.outputs.count - carried)
    let goesOn = constant(
      Tensor(type: .bool, shape: [], bytes: Bytes([1])), "\(node.name).condition", &graph)
    for iteration in 0..<trips {
      let number = constant(
        Tensor([Int64(iteration)], shape: []), "\(node.name).iteration", &graph)
      let results = instantiate(
        body, [number, goesOn] + state + captures, suffix: ".\(iteration)", &nodes, &graph)
      state = Array(results[1..<(1 + carried)])
      for index in rows.indices { rows[index].append(results[1 + carried + index]) }
    }
    var results = state
    for row in rows { results.append(stack(row, node, &nodes, &graph)) }
    finish(node, results, &nodes)
    return nodes
  }

  /// Whether the condition that the body gives is always true: the one that it is given, or a constant.
  private func keepsGoing(_ body: Graph, _ operands: [ValueID], _ graph: Graph) -> Bool {
    var condition = body.outputs[0]
    for node in body.nodes.reversed() where node.outputs.first == condition {
      guard node.op == "Identity", let input = node.inputs.first ?? nil else { return false }
      condition = input
    }
    guard let position = body.inputs.firstIndex(of: condition) else { return false }
    return position == 1 || position >= 2 && graph.truth(operands[position - 2]) == true
  }

  /// Adds the nodes of `body` on `inputs` and returns its outputs.
  private mutating func instantiate(
    _ body: Graph, _ inputs: [ValueID], suffix: String, _ nodes: inout [Node],
    _ graph: inout Graph
  ) -> [ValueID] {
    budget -= body.nodes.count
    var outer = [ValueID?](repeating: nil, count: body.values.count)
    for (inner, id) in zip(body.inputs, inputs) { outer[inner.index] = id }
    for source in body.nodes {
      var node = source
      node.name += suffix
      node.inputs = source.inputs.map { $0.flatMap { outer[$0.index] } }
      node.outputs = source.outputs.map { id in
        guard let id else { return nil }
        let made = graph.add(
          Value(name: names.name(body[id].name), type: body[id].type))
        outer[id.index] = made
        return made
      }
      nodes.append(node)
    }
    return body.outputs.compactMap { outer[$0.index] }
  }

  /// Makes `results` the outputs of `node`.
  ///
  /// Identities keep the names that others know; they vanish later where nobody needs them.
  private func finish(_ node: Node, _ results: [ValueID], _ nodes: inout [Node]) {
    for (index, (output, result)) in zip(node.outputs, results).enumerated() {
      guard let output else { continue }
      nodes.append(
        Node(
          name: "\(node.name).output\(index)", op: "Identity", inputs: [result], outputs: [output]))
    }
  }

  /// Adds nodes that make one tensor of the results of all iterations.
  private mutating func stack(
    _ row: [ValueID], _ node: Node, _ nodes: inout [Node], _ graph: inout Graph
  ) -> ValueID {
    let axes = constant(Tensor([Int64(0)]), "\(node.name).axes", &graph)
    var parts: [ValueID] = []
    for id in row {
      let part = graph.add(Value(name: names.name("\(graph[id].name).row"), type: .float32))
      nodes.append(
        Node(name: "\(graph[part].name)", op: "Unsqueeze", inputs: [id, axes], outputs: [part]))
      parts.append(part)
    }
    let joined = graph.add(Value(name: names.name("\(node.name).rows"), type: .float32))
    nodes.append(
      Node(
        name: graph[joined].name, op: "Concat", inputs: parts, outputs: [joined],
        attributes: ["axis": .int(0)]))
    return joined
  }

  private mutating func constant(
    _ tensor: Tensor, _ name: String, _ graph: inout Graph
  ) -> ValueID {
    graph.addConstant(names.name(name), tensor)
  }
}

extension Graph {
  /// The one element of a constant bool, or nil where `id` is none.
  fileprivate func truth(_ id: ValueID?) -> Bool? {
    guard let id, self[id].type == .bool, let elements = integers(id), elements.count == 1 else {
      return nil
    }
    return elements[0] != 0
  }
}
