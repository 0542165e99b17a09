import ModelFormat

extension GraphPass {
  /// A constant that is added to, or multiplied with, each output channel joins bias and weights.
  ///
  ///     Conv -> Add(c[C, 1, 1])      becomes      Conv with bias c
  ///     Gemm -> Mul(s[n])            becomes      Gemm with rows scaled by s
  static let foldBias = GraphPass(
    name: "fold-bias", summary: "constants added to or multiplied with channels fold into weights"
  ) { graph in
    var index = GraphIndex(graph)
    var names = FreshNames(graph)
    var budget = GrowthBudget(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      guard ["Add", "Sub", "Mul", "Div"].contains(node.op), node.inputs.count == 2,
        let (data, constant, isSwapped) = operands(node, graph),
        !isSwapped || node.op == "Add" || node.op == "Mul", let output = node.outputs[0]
      else { continue }
      guard let producer = index.producer[data.index], index.onlyConsumer(of: data) == position,
        let channels = channelConstant(constant, data, producer, graph)
      else { continue }
      let ones = [Double](repeating: 1, count: channels.count)
      let zeros = [Double](repeating: 0, count: channels.count)
      let (factors, shifts) =
        switch node.op {
        case "Add": (ones, channels)
        case "Sub": (ones, channels.map { -$0 })
        case "Mul": (channels, zeros)
        default: (channels.map { 1 / $0 }, zeros)
        }
      guard
        graph.scaleOutputs(
          of: producer, by: factors, plus: shifts, names: &names, budget: &budget)
      else { continue }
      graph.nodes[producer].outputs[0] = output
      index.producer[output.index] = producer
      isKept[position] = false
    }
    graph.compact(keeping: isKept)
    return isKept.count { !$0 }
  }

  private static func operands(_ node: Node, _ graph: Graph) -> (ValueID, ValueID, Bool)? {
    guard let a = node.inputs[0], let b = node.inputs[1] else { return nil }
    if graph[b].constant != nil, graph[a].constant == nil { return (a, b, false) }
    if graph[a].constant != nil, graph[b].constant == nil { return (b, a, true) }
    return nil
  }

  /// One number for each output channel of `producer`, where that is what broadcasting `constant`
  /// over `data` means; nil elsewhere.
  private static func channelConstant(
    _ constant: ValueID, _ data: ValueID, _ producer: Int, _ graph: Graph
  ) -> [Double]? {
    guard ["Conv", "Gemm"].contains(graph.nodes[producer].op),
      let elements = graph.floats(constant), let shape = graph[data].shape,
      let extents = graph[constant].shape?.dimensions, extents.count <= shape.rank
    else { return nil }
    let axis = graph.nodes[producer].op == "Conv" ? 1 : shape.rank - 1
    guard shape.rank > axis else { return nil }
    let channels = shape[axis]
    let padded = [Int](repeating: 1, count: shape.rank - extents.count) + extents
    for (dimension, extent) in padded.enumerated() where extent != 1 {
      guard dimension == axis, extent == channels else { return nil }
    }
    return elements.count == 1
      ? [Double](repeating: Double(elements[0]), count: channels) : elements.map { Double($0) }
  }
}
