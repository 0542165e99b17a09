import ModelFormat

/// Stores weights as integers, with a scale for each output channel, as a plan says.
struct RoundWeights {
  let plan: CompressionPlan

  /// What was done.
  struct Effect {
    /// Layers by the name of their weights' type.
    var layers: [String: Int] = [:]
    var left: [FloatLayer] = []

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
      let axis = graph.outputAxis(of: layer)
      guard
        let stored = (axis == 0 ? tensor.quantizedShortRows() : nil)
          ?? tensor.quantizedRows(axis: axis)
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
