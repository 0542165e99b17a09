import ModelFormat
import Train

/// The constants of a network that training with labels moves.
///
/// They are the weights and biases of its layers, what its normalizations multiply with and add, and what is
/// added to channels elsewhere.
struct TrainableConstants {
  /// The graph; a row of numbers that several nodes read is one for each.
  private(set) var graph: Graph
  /// The constants, in the order of the nodes.
  private(set) var ids: [ValueID] = []

  /// Those of the nodes of `graph` that `filter` does not keep out.
  init(_ graph: Graph, _ filter: NodeFilter) {
    self.graph = graph
    var names = FreshNames(graph)
    var seen: Set<ValueID> = []
    for (index, node) in graph.nodes.enumerated() where !filter.excludes(node) {
      for position in Self.positions(node, graph) {
        guard let id = node.inputs[position], graph[id].type == .float32,
          let tensor = graph[id].constant, tensor.shape.count > 0
        else { continue }
        if seen.insert(id).inserted {
          ids.append(id)
        } else if tensor.shape.rank <= 1 {
          // Equal by chance: biases that are all zeros. A matrix that is read twice is meant to be one.
          let own = self.graph.addConstant(names.name(graph[id].name), tensor)
          self.graph.nodes[index].inputs[position] = own
          ids.append(own)
        }
      }
    }
  }

  /// The inputs of a node that are trained where they are constants.
  private static func positions(_ node: Node, _ graph: Graph) -> Range<Int> {
    switch node.op {
    case "Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "LayerNormalization",
      "GroupNormalization", "InstanceNormalization", "RMSNormalization":
      1..<max(1, min(3, node.inputs.count))
    case "Add":
      // A bias; a constant of one number is part of a formula.
      node.inputs.firstIndex { id in
        id.map { (graph[$0].constant?.shape.count ?? 0) > 1 } ?? false
      }.map { $0..<$0 + 1 } ?? 0..<0
    default: 0..<0
    }
  }
}
