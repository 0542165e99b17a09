import ModelFormat

/// Which layers of a network get zeros where nothing else is said.
///
/// Depthwise convolutions and small first layers stay dense: they have next to no weights, and each of those
/// counts.
struct PrunableLayers {
  private(set) var prunable: [WeightedNode] = []
  /// Layers that the pattern does not fit.
  private(set) var skipped: [String] = []
  /// All weights of the layers, those that stay dense among them.
  private(set) var weights = 0

  /// First layers with a larger part of all weights are pruned as others are.
  private static let small = 0.02

  init(_ graph: Graph, _ layers: [WeightedNode], _ pattern: ConversionOptions.Pruning) {
    var seen = Set<ValueID>()
    let counts = layers.map { graph[$0.weights].shape?.count ?? 0 }
    for (layer, count) in zip(layers, counts) where seen.insert(layer.weights).inserted {
      weights += count
    }
    seen = []
    for (layer, count) in zip(layers, counts) where seen.insert(layer.weights).inserted {
      guard let shape = graph[layer.weights].constant?.shape else { continue }
      let node = graph.nodes[layer.position]
      let isDepthwise = node.op == "Conv" && shape[1] == 1 && node.attributes["group"] != nil
      let isFirst = node.inputs[0].map { graph.inputs.contains($0) } ?? false
      if isDepthwise || isFirst && Double(count) <= Self.small * Double(weights) { continue }
      if WeightGroups(pattern, shape) == nil {
        skipped.append(layer.name)
      } else {
        prunable.append(layer)
      }
    }
  }
}
