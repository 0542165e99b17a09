import ModelFormat

extension GraphPass {
  /// A clamp joins the node before it, which then applies it as it stores.
  ///
  ///     Conv -> Relu             becomes      Conv(activation "Relu")
  ///     Gemm -> Clip(0, 6)       becomes      Gemm(activation "Clip", activation_min 0, activation_max 6)
  static let fuseActivation = GraphPass(
    name: "fuse-activation",
    summary: "Relu and Clip join the Conv, Gemm or BatchNormalization before them"
  ) { graph in
    let index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      guard node.op == "Relu" || node.op == "Clip", let input = node.inputs[0],
        let output = node.outputs[0], let producer = index.producer[input.index],
        index.onlyConsumer(of: input) == position,
        isStorer(graph.nodes[producer]),
        graph.nodes[producer].attributes["activation"] == nil
      else { continue }
      if node.op == "Clip" {
        guard let bounds = clipBounds(node, graph) else { continue }
        graph.nodes[producer].attributes["activation_min"] = .float(bounds.0)
        graph.nodes[producer].attributes["activation_max"] = .float(bounds.1)
      }
      graph.nodes[producer].attributes["activation"] = .string(node.op)
      graph.nodes[producer].outputs[0] = output
      isKept[position] = false
    }
    graph.compact(keeping: isKept)
    return isKept.count { !$0 }
  }

  /// Whether a node applies an activation as it stores.
  private static func isStorer(_ node: Node) -> Bool {
    switch node.op {
    case "Conv", "Gemm": true
    case "BatchNormalization":
      node.outputs.count == 1 && [nil, .int(0)].contains(node.attributes["training_mode"])
    default: false
    }
  }

  /// The bounds of a Clip with constant bounds.
  private static func clipBounds(_ node: Node, _ graph: Graph) -> (Float, Float)? {
    var bounds: (Float, Float) = (-.greatestFiniteMagnitude, .greatestFiniteMagnitude)
    if node.inputs.count > 1, let id = node.inputs[1] {
      guard let low = graph.floats(id)?.first else { return nil }
      bounds.0 = low
    }
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let high = graph.floats(id)?.first else { return nil }
      bounds.1 = high
    }
    return bounds
  }
}
