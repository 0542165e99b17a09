import ModelFormat
import Operators

/// A graph in two parts: what can be planned, and what depends on the data of each run.
struct GraphParts {
  /// Nodes whose shapes are known; its outputs are those of the graph that it computes, and then what
  /// the other part reads.
  private(set) var planned: Graph
  /// All other nodes; nil where there are none.
  private(set) var open: Graph?
  /// For each output of the graph its position among the outputs of its part.
  private(set) var outputs: [Output] = []

  enum Output {
    case planned(Int)
    case open(Int)
  }

  /// Divides `graph`; the nodes at `moved` depend on the data though their shapes do not say so.
  init(_ graph: Graph, moving moved: Set<Int> = []) {
    var isOpen = [Bool](repeating: false, count: graph.values.count)
    var plannedNodes: [Node] = []
    var openNodes: [Node] = []
    for (index, node) in graph.nodes.enumerated() {
      let reads = node.inputs.contains { $0.map { isOpen[$0.index] } ?? false }
      let makes = node.outputs.contains { $0.map { graph[$0].shape == nil } ?? false }
      if reads || makes || !node.bodies.isEmpty || moved.contains(index) {
        openNodes.append(node)
        for case let id? in node.outputs { isOpen[id.index] = true }
      } else {
        plannedNodes.append(node)
      }
    }
    planned = graph
    guard !openNodes.isEmpty else {
      outputs = graph.outputs.indices.map { .planned($0) }
      return
    }
    planned.nodes = plannedNodes
    planned.outputs = []
    var open = graph
    open.nodes = openNodes
    open.inputs = []
    open.outputs = []
    for id in graph.outputs {
      if isOpen[id.index] {
        outputs.append(.open(open.outputs.count))
        open.outputs.append(id)
      } else {
        outputs.append(.planned(planned.outputs.count))
        planned.outputs.append(id)
      }
    }
    var isHandedOver = [Bool](repeating: false, count: graph.values.count)
    for node in openNodes {
      for case let id? in node.inputs
      where !isOpen[id.index] && !isHandedOver[id.index] && graph[id].constant == nil {
        isHandedOver[id.index] = true
        planned.outputs.append(id)
        open.inputs.append(id)
      }
    }
    self.open = open
  }
}
