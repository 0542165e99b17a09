import ModelFormat

extension GraphPass {
  /// A convolution adds the other branch as it stores: both float, or both uint8.
  ///
  ///     Conv(x) -> Add(y)              becomes      Conv(x, residual y)
  ///     Conv(x) -> Add(y) -> Relu      becomes      Conv(x, residual y, activation "Relu")
  ///
  /// The residual is the fourth input, of the output's shape, added before the activation. A uint8
  /// residual keeps its parameters, and the convolution writes with those of the sum: a Relu behind that
  /// is in them already.
  static let fuseResidual = GraphPass(
    name: "fuse-residual", summary: "the Add of a residual branch joins the Conv before it"
  ) { graph in
    fuseResidual(&graph, withBytes: true)
  }

  /// The same for float alone: where a model says how the summands are rounded, they stay so.
  static let fuseFloatResidual = GraphPass(
    name: "fuse-residual", summary: "the Add of a float residual branch joins the Conv before it"
  ) { graph in
    fuseResidual(&graph, withBytes: false)
  }

  private static func fuseResidual(_ graph: inout Graph, withBytes: Bool) -> Int {
    var changes = 0
    var index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for position in graph.nodes.indices where isKept[position] {
      let node = graph.nodes[position]
      guard node.op == "Add", node.inputs.count == 2, let a = node.inputs[0],
        let b = node.inputs[1], let output = node.outputs[0], a != b,
        graph[a].shape == graph[b].shape,
        graph[output].shape?.rank == 4,  // convolutions over one dimension add nothing
        withBytes || graph[output].type == .float32,
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
      if graph[output].type == .float32, let relu = index.onlyConsumer(of: output),
        graph.nodes[relu].op == "Relu",
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
      guard node.op == "Conv", node.inputs.count <= 3, node.attributes["activation"] == nil,
        node.attributes["quantization"] == nil, let input = node.inputs[0]
      else { continue }
      let values = [input, mine, other] + graph.nodes[position].outputs.compactMap { $0 }
      if values.allSatisfy({ graph[$0].type == .float32 }) || values.allSatisfy(isByte) {
        return (producer, other)
      }
    }
    return nil

    /// Whether a value is uint8 with one scale and zero point.
    func isByte(_ id: ValueID) -> Bool {
      graph[id].type == .uint8 && graph[id].quantization?.scales.count == 1
    }
  }
}
