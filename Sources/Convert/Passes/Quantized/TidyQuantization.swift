import ModelFormat
import Operators

extension GraphPass {
  /// Quantization steps come next to the operators that can compute in between, in uint8.
  ///
  ///     int8 between steps                            becomes    uint8 with a zero point 128 larger
  ///     Relu -> QuantizeLinear(zero 0)                becomes    QuantizeLinear(zero 0)
  ///     DequantizeLinear(p) -> QuantizeLinear(p)      becomes    nothing
  ///     DequantizeLinear -> MaxPool                   becomes    MaxPool -> DequantizeLinear
  ///     MaxPool -> QuantizeLinear                     becomes    QuantizeLinear -> MaxPool
  ///
  /// None of these changes a bit of what the network computes. A clamp is dropped where it keeps all that
  /// the integers behind it can hold, and any operator that only moves elements changes places.
  static let tidyQuantization = GraphPass(
    name: "tidy-quantization",
    summary: "what moves elements or clamps changes places with quantization steps"
  ) { graph in
    var changes = shiftToUnsigned(&graph)
    // Each round brings a step past one node at least; chains are short, and the limit is for hostile ones.
    for _ in 0..<256 {
      let moved = dropClamps(&graph) + joinSteps(&graph) + swapSteps(&graph)
      if moved == 0 { break }
      changes += moved
    }
    return changes
  }

  // MARK: int8 becomes uint8

  /// Operators that may stand between integers in a file: they hand on what they get.
  private static let movers: Set<String> = [
    "MaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Gather",
    "Split",
    "DepthToSpace", "SpaceToDepth", "Identity", "Expand", "Tile",
  ]

  /// Adds 128 to int8 activations and to their zero points, where only steps and movers see them.
  private static func shiftToUnsigned(_ graph: inout Graph) -> Int {
    let index = GraphIndex(graph)
    let steps = graph.nodes.map { QuantizationStep($0, graph) }
    var isShifted = graph.values.indices.map { place in
      graph.values[place].type == .int8 && graph.values[place].constant == nil
        && index.producer[place] != nil && !index.isOutput[place]
    }
    /// Whether all of a node's int8 activations may be shifted together.
    func agrees(_ position: Int) -> Bool {
      if steps[position]?.type == .int8 { return true }
      let node = graph.nodes[position]
      guard movers.contains(node.op), node.bodies.isEmpty, let input = node.inputs[0] else {
        return false
      }
      let others = node.inputs.dropFirst().contains { $0.map { isShifted[$0.index] } ?? false }
      return isShifted[input.index] && !others
        && node.outputs.allSatisfy { $0.map { isShifted[$0.index] } ?? true }
    }
    var isStable = false
    while !isStable {
      isStable = true
      for position in graph.nodes.indices where !agrees(position) {
        for case let id? in graph.nodes[position].inputs + graph.nodes[position].outputs
        where isShifted[id.index] {
          isShifted[id.index] = false
          isStable = false
        }
      }
    }
    guard isShifted.contains(true) else { return 0 }
    var names = FreshNames(graph)
    for position in graph.nodes.indices {
      guard let step = steps[position], step.type == .int8,
        let side = step.op == "QuantizeLinear"
          ? graph.nodes[position].outputs[0] : graph.nodes[position].inputs[0],
        isShifted[side.index]
      else { continue }
      let zero = Tensor(
        type: .uint8, shape: [],
        bytes: Bytes([UInt8(clamping: step.parameters.zeroPoints[0] + 128)]))
      let id = graph.addConstant(names.name(graph[side].name + ".zero_point"), zero)
      graph.nodes[position].inputs = Array(graph.nodes[position].inputs.prefix(2)) + [id]
      graph.nodes[position].attributes["output_dtype"] = nil
    }
    for place in isShifted.indices where isShifted[place] { graph.values[place].type = .uint8 }
    return isShifted.count { $0 }
  }

  // MARK: Clamps

  /// Removes clamps that the integers of the step behind them make by themselves.
  private static func dropClamps(_ graph: inout Graph) -> Int {
    let index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      guard let bounds = clampBounds(node, graph), let input = node.inputs[0],
        let output = node.outputs[0], !index.isOutput[output.index],
        !index.consumers[output.index].isEmpty,
        index.consumers[output.index].allSatisfy({ reader in
          QuantizationStep.quantize(graph.nodes[reader], graph)?.covers(bounds) ?? false
        })
      else { continue }
      for reader in index.consumers[output.index] { graph.nodes[reader].inputs[0] = input }
      isKept[position] = false
    }
    graph.compact(keeping: isKept)
    return isKept.count { !$0 }
  }

  /// The bounds of a Relu, or of a Clip with constant bounds.
  private static func clampBounds(_ node: Node, _ graph: Graph) -> (Float, Float)? {
    if node.op == "Relu" { return (0, .infinity) }
    guard node.op == "Clip" else { return nil }
    func bound(_ input: Int, default value: Float) -> Float? {
      guard node.inputs.count > input, let id = node.inputs[input] else { return value }
      return graph.floats(id)?.first
    }
    guard let low = bound(1, default: -.infinity), let high = bound(2, default: .infinity),
      low <= high
    else { return nil }
    return (low, high)
  }

  // MARK: Steps

  /// Integers that are taken to real numbers and back by the same parameters are read as they are.
  private static func joinSteps(_ graph: inout Graph) -> Int {
    let index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    var origin = (0..<graph.values.count).map { ValueID($0) }
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      // Readers come later: they read what is known by then.
      graph.nodes[position].inputs = node.inputs.map { $0.map { origin[$0.index] } }
      guard let parameters = QuantizationStep.quantize(node, graph), let input = node.inputs[0],
        let output = node.outputs[0], !index.isOutput[output.index],
        let producer = index.producer[input.index],
        QuantizationStep.dequantize(graph.nodes[producer], graph) == parameters,
        let integers = graph.nodes[producer].inputs[0]
      else { continue }
      origin[output.index] = origin[integers.index]
      isKept[position] = false
    }
    graph.compact(keeping: isKept)
    return isKept.count { !$0 }
  }

  /// Operators that move elements work on integers: steps back to real numbers wait until behind them,
  /// and steps to integers come before them.
  private static func swapSteps(_ graph: inout Graph) -> Int {
    let index = GraphIndex(graph)
    var names = FreshNames(graph)
    var nodes: [Node] = []
    var changes = 0
    var isDropped = [Bool](repeating: false, count: graph.nodes.count)
    for position in graph.nodes.indices where !isDropped[position] {
      let node = graph.nodes[position]
      guard Movement.commutes(node, graph), let input = node.inputs[0],
        graph[input].type == .float32, let producer = index.producer[input.index],
        node.outputs.allSatisfy({ $0.map { graph[$0].type == .float32 } ?? false })
      else {
        nodes.append(node)
        continue
      }
      if QuantizationStep.dequantize(graph.nodes[producer], graph) != nil {
        nodes += behind(node, graph.nodes[producer], &graph, &names)
        changes += 1
        continue
      }
      guard node.outputs.count == 1, let output = node.outputs[0],
        let step = index.onlyConsumer(of: output), !isDropped[step],
        QuantizationStep.quantize(graph.nodes[step], graph) != nil,
        let result = graph.nodes[step].outputs[0]
      else {
        nodes.append(node)
        continue
      }
      // The step's scale and zero point are constants, so it can stand here.
      let integers = graph.add(
        Value(name: names.name(graph[result].name), type: .uint8, shape: graph[input].shape))
      var first = graph.nodes[step]
      first.inputs[0] = input
      first.outputs = [integers]
      var second = node
      second.inputs[0] = integers
      second.outputs = [result]
      nodes += [first, second]
      isDropped[step] = true
      changes += 1
    }
    graph.nodes = nodes
    return changes
  }

  /// `node` on the integers that `step` reads, and a step behind each of its results.
  private static func behind(
    _ node: Node, _ step: Node, _ graph: inout Graph, _ names: inout FreshNames
  ) -> [Node] {
    var moved = node
    moved.inputs[0] = step.inputs[0]
    var steps: [Node] = []
    for place in node.outputs.indices {
      guard let output = node.outputs[place] else { continue }
      let integers = graph.add(
        Value(
          name: names.name(graph[output].name + ".quantized"), type: .uint8,
          shape: graph[output].shape))
      moved.outputs[place] = integers
      var back = step
      back.name = graph[output].name + ".DequantizeLinear"
      back.inputs[0] = integers
      back.outputs = [output]
      steps.append(back)
    }
    return [moved] + steps
  }
}
