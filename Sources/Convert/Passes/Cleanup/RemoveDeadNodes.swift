import ModelFormat

extension GraphPass {
  /// Nodes whose results nobody needs vanish, and with them the constants that only they read.
  static let removeDeadNodes = GraphPass(
    name: "remove-dead-nodes", summary: "nodes and constants that no output depends on vanish"
  ) { graph in
    var isNeeded = [Bool](repeating: false, count: graph.values.count)
    for id in graph.outputs { isNeeded[id.index] = true }
    var isKept = [Bool](repeating: false, count: graph.nodes.count)
    for index in graph.nodes.indices.reversed() {
      let node = graph.nodes[index]
      guard node.outputs.contains(where: { $0.map { isNeeded[$0.index] } ?? false }) else {
        continue
      }
      isKept[index] = true
      for case let id? in node.inputs { isNeeded[id.index] = true }
    }
    for index in graph.nodes.indices
    where isKept[index] && graph.nodes[index].outputs.count > 1 && graph.nodes[index].bodies.isEmpty
    {
      // Optional outputs that nobody reads are no longer asked for.
      while graph.nodes[index].outputs.count > 1,
        let last = graph.nodes[index].outputs.last,
        last.map({ !isNeeded[$0.index] }) ?? true, graph.nodes[index].op != "Split"
      {
        graph.nodes[index].outputs.removeLast()
      }
    }
    graph.compact(keeping: isKept)
    return isKept.count { !$0 }
  }
}

extension Graph {
  /// This graph without nodes that no output depends on.
  func withoutDeadNodes() -> Graph {
    var graph = self
    _ = try? GraphPass.removeDeadNodes.apply(&graph)
    return graph
  }
}
