import ModelFormat

/// A layer that was left in float, and why.
public struct FloatLayer: Sendable, Hashable {
  /// The node's name.
  public let node: String
  /// The reason in words.
  public let reason: String
}

/// Stores weights in int8; they are expanded to float32 when the model is loaded, or multiplied as
/// integers with activations that are quantized at run time.
struct QuantizeWeights {
  /// Whether activations are quantized at run time.
  let isDynamic: Bool

  /// What was done.
  struct Effect {
    var layers = 0
    var dynamicLayers = 0
    var left: [FloatLayer] = []
  }

  func apply(_ graph: inout Graph, _ nodes: [WeightedNode]) -> Effect {
    var effect = Effect()
    let choice = isDynamic ? DynamicChoice(graph, nodes) : nil
    for node in nodes {
      guard let tensor = graph[node.weights].constant else { continue }
      let op = graph.nodes[node.position].op
      let isGrouped = op == "ConvTranspose"
      guard
        let stored = tensor.quantizedRows(
          axis: isGrouped ? 1 : op == "MatMul" ? tensor.shape.rank - 1 : 0)
      else {
        effect.left.append(FloatLayer(node: node.name, reason: "weights are not finite"))
        continue
      }
      graph[node.weights].constant = stored
      effect.layers += 1
      guard let choice else { continue }
      if let reason = choice.refusal(of: node.position) {
        effect.left.append(FloatLayer(node: node.name, reason: reason))
      } else {
        graph.nodes[node.position].attributes["quantization"] = .string("dynamic")
        effect.dynamicLayers += 1
      }
    }
    return effect
  }
}
