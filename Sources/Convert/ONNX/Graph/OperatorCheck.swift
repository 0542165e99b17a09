/// Finds every operator of a model that the importer does not know.
enum OperatorCheck {
  /// Refuses the model if it, or a subgraph in it, uses operators that are not in the table.
  static func check(_ model: ONNXModel, opset: Int) throws(ImportProblem) {
    var missing: [String: (entry: MissingOperator, nodes: [String])] = [:]
    var order: [String] = []
    var calls: [ImportProblem] = []
    var called: Set<String> = []
    var graphs = [model.graph]
    while let graph = graphs.popLast() {
      for (index, node) in graph.nodes.enumerated() {
        let name = nodeName(node, index)
        let key = "\(node.domain).\(node.op)"
        if model.functions.contains(key) {
          if called.insert(key).inserted {
            calls.append(.modelFunction(function: NameTable.clean(node.op), node: name))
          }
          continue
        }
        for attribute in node.attributes.values {
          if case .graphs(let inner) = attribute { graphs.append(contentsOf: inner) }
        }
        let row = ImportTable.row(domain: node.domain, op: node.op)
        // Other domains have versions of their own; their rows hold for all of them.
        let since = node.domain.isEmpty ? row?.since : nil
        if row != nil, since ?? 0 <= opset { continue }
        if missing[key] == nil {
          let version = node.domain.isEmpty ? opset : model.opsets[node.domain].map { Int($0) }
          let entry = MissingOperator(
            op: NameTable.clean(node.op), domain: NameTable.clean(node.domain), opset: version,
            since: since, nodes: [])
          missing[key] = (entry, [])
          order.append(key)
        }
        missing[key]?.nodes.append(name)
      }
    }
    guard !order.isEmpty || !calls.isEmpty else { return }
    let operators = order.compactMap { missing[$0] }.map { found in
      MissingOperator(
        op: found.entry.op, domain: found.entry.domain, opset: found.entry.opset,
        since: found.entry.since, nodes: found.nodes)
    }
    let problems = (operators.isEmpty ? [] : [.unsupportedOperators(operators)]) + calls
    throw problems.count == 1 ? problems[0] : .several(problems)
  }

  /// The node's name, or one made of its operator and its position.
  static func nodeName(_ node: ONNXNode, _ index: Int) -> String {
    NameTable.clean(node.name.isEmpty ? "\(node.op)_\(index)" : node.name)
  }
}
