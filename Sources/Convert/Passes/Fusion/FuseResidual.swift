import ModelFormat

extension GraphPass {
  /// A float convolution adds the other branch as it stores.
  ///
  ///     Conv(x) -> Add(y)              becomes      Conv(x, residual y)
  ///     Conv(x) -> Add(y) -> Relu      becomes      Conv(x, residual y, activation "Relu")
  ///
  /// The residual is the fourth input, of the output's shape, added before the activation.
  static let fuseResidual = GraphPass(
    name: "fuse-residual", summary: "the Add of a residual branch joins the float Conv before it"
  ) { graph in
    var changes = 0
    var index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for position in graph.nodes.indices where isKept[position] {
      let node = graph.nodes[position]
      guard node.op == "Add", node.inputs.count == 2, let a = node.inputs[0],
        let b = node.inputs[1], let output = node.outputs[0], a != b,
        graph[output].type == .float32, graph[a].shape == graph[b].shape,
        graph[output].shape?.rank == 4,  // convolutions over one dimension add nothing
        let (producer, other) = producer(of: a, b, position, graph, index)
      else { continue }
      var fused = graph.nodes[producer]
      while fused.inputs.count < 3 { fused.inputs.append(nil) }
      fused.inputs.append(other)
      fused.outputs = [output]
      // The other branch may be computed between the convolution and the Add: fuse at the Add's place.
      graph.nodes[position] = fused
      isKept[producer] = false
      index.producer[output.index] = position
      if let relu = index.onlyConsumer(of: output), graph.nodes[relu].op == "Relu",
        let activated = graph.nodes[relu].outputs[0]
      {
        graph.nodes[position].attributes["activation"] = .string("Relu")
        graph.nodes[position].outputs = [activated]
        isKept[relu] = false
        index.producer[activated.index] = position
      }
      changes += 1
    }
    graph.compact(keeping: isKept)
    return changes
  }

  /// The convolution that makes one operand for this Add alone, and the other operand.
  private static func producer(
    of a: ValueID, _ b: ValueID, _ position: Int, _ graph: Graph, _ index: GraphIndex
  ) -> (Int, ValueID)? {
    for (mine, other) in [(a, b), (b, a)] {
      guard let producer = index.producer[mine.index], index.onlyConsumer(of: mine) == position,
        graph[other].constant == nil
      else { continue }
      let node = graph.nodes[producer]
      let isFloat =
        node.inputs[0].map { graph[$0].type } == .float32 && node.attributes["quantization"] == nil
      if node.op == "Conv", isFloat, node.inputs.count <= 3, node.attributes["activation"] == nil {
        return (producer, other)
      }
    }
    return nil
  }
}
