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
      guard isDynamic, Self.gains(graph, graph.nodes[node.position], tensor.shape) else { continue }
      graph.nodes[node.position].attributes["quantization"] = .string("dynamic")
      effect.dynamicLayers += 1
    }
    return effect
  }

  /// Whether integer products outweigh the cost of measuring and quantizing the input.
  private static func gains(_ graph: Graph, _ node: Node, _ shape: Shape) -> Bool {
    let depth = shape.dimensions[1...].reduce(1, *)
    let isPlain = node.op == "Conv" || node.op == "Gemm" && node.attributes["transB"] == .int(1)
    return isPlain && [2, 4].contains(shape.rank) && depth >= 32 && depth <= 66_000
      && shape[0] >= 16
      && (node.inputs[0].flatMap { graph[$0].type } == .float32)
  }
}
