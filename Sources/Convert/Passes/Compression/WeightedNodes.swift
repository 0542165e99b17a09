import ModelFormat

/// A node whose constant weights compression works on.
struct WeightedNode {
  /// The node's position in the graph.
  let position: Int
  /// The node's name.
  let name: String
  /// The value that holds the weights: one row for each output channel.
  let weights: ValueID
}

extension Graph {
  /// The nodes with weights that compression may change: Conv, ConvTranspose, Gemm and MatMul with
  /// constant float weights, without those that `filter` keeps out.
  func weightedNodes(_ filter: NodeFilter) -> [WeightedNode] {
    nodes.enumerated().compactMap { position, node in
      guard ["Conv", "ConvTranspose", "Gemm", "MatMul"].contains(node.op), !filter.excludes(node),
        node.inputs.count > 1, let weights = node.inputs[1], self[weights].type == .float32,
        let tensor = self[weights].constant, tensor.shape.rank >= 2, tensor.shape.count > 0
      else { return nil }
      return WeightedNode(position: position, name: node.name, weights: weights)
    }
  }
}

/// Which nodes compression leaves alone.
struct NodeFilter: Sendable {
  private let isExcluded: @Sendable (String) -> Bool

  /// A filter that keeps nothing out.
  static let none = NodeFilter { _ in false }

  /// A filter that keeps out the nodes whose names satisfy `isExcluded`.
  init(_ isExcluded: @escaping @Sendable (String) -> Bool) { self.isExcluded = isExcluded }

  func excludes(_ node: Node) -> Bool { isExcluded(node.name) }
}
