import ModelFormat

/// Stores weights as integers, with a scale for each output channel, as a plan says.
struct RoundWeights {
  let plan: CompressionPlan

  /// What was done.
  struct Effect {
    /// Layers by the name of their weights' type.
    var layers: [String: Int] = [:]
    var left: [FloatLayer] = []

    /// Takes in what was done to other layers.
    mutating func add(_ other: Self) {
      layers.merge(other.layers, uniquingKeysWith: +)
      left += other.left
    }

    /// The effect in words.
    var text: String {
      let parts = layers.sorted { $0.key < $1.key }.map {
        "\($0.value) layers have \($0.key) weights"
      }
      return parts.joined(separator: ", ")
    }
  }

  func apply(_ graph: inout Graph, _ layers: [WeightedNode]) -> Effect {
    var effect = Effect()
    for layer in layers {
      let type = plan[layer.name].weights
      guard let tensor = graph[layer.weights].constant else { continue }
      guard
        let stored = tensor.rounded(to: type, axis: graph.outputAxis(of: layer))
      else {
        effect.left.append(FloatLayer(node: layer.name, reason: "its weights are not finite"))
        continue
      }
      graph[layer.weights].constant = stored
      effect.layers[type.name, default: 0] += 1
    }
    return effect
  }
}

extension Tensor {
  /// The weights as integers of `type`, each at the nearest level; nil where they are not finite.
  func rounded(to type: WeightType, axis: Int) -> Tensor? {
    guard let grid = WeightGrid(type) else { return nil }
    if grid != .uniform(bits: 8) { return roundedRows(axis: axis, grid: grid) }
    return (axis == 0 ? quantizedShortRows() : nil) ?? quantizedRows(axis: axis)
  }
}

extension Graph {
  /// The dimension of a layer's weights that runs over its outputs.
  func outputAxis(of layer: WeightedNode) -> Int {
    switch nodes[layer.position].op {
    case "ConvTranspose": 1
    case "MatMul": max(0, (self[layer.weights].shape?.rank ?? 1) - 1)
    default: 0
    }
  }
}
