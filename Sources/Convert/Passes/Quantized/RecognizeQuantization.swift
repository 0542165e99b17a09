import ModelFormat
import Operators

/// Turns what a model spells out as quantization steps around float operators into integer arithmetic.
///
///     DequantizeLinear -> Conv -> QuantizeLinear      becomes      Conv on uint8
///     DequantizeLinear -> Conv                        becomes      Conv of uint8, float out
///
/// Scales and zero points are those of the model: nothing is calibrated. What cannot compute in integers
/// stays a float operator between its steps, which is what the model says.
struct RecognizeQuantization {
  let filter: NodeFilter

  /// What was done.
  struct Effect {
    /// Nodes that compute in integers now.
    var integerNodes = 0
    /// Those of them with weights.
    var layers = 0
    /// Layers whose weights had a zero point and did not fit eight bits: they were rounded.
    var rounded = 0
    /// Layers between quantization steps that stay float.
    var left: [FloatLayer] = []
  }

  /// Rewrites `graph`, whose linear operators have one form and their activations.
  func apply(_ graph: inout Graph) throws(ConvertError) -> Effect {
    var effect = Effect()
    guard graph.nodes.contains(where: { Self.quantizing.contains($0.op) }) else { return effect }
    let restored = RestoreResiduals().apply(&graph)
    effect.integerNodes += restored
    effect.layers += restored
    for pass in [
      GraphPass.unpackQuantizedProducts, .removeDeadNodes, .tidyQuantization, .shareResults,
      .addQuantizedResidual, .fuseActivation, .tidyQuantization, .removeDeadNodes,
    ] { _ = try pass.apply(&graph) }
    record(&graph)
    join(&graph, &effect)
    _ = try GraphPass.removeDeadNodes.apply(&graph)
    return effect
  }

  private static let quantizing: Set<String> = [
    "QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul",
  ]

  /// Values of uint8 get the parameters of the steps around them.
  private func record(_ graph: inout Graph) {
    for node in graph.nodes {
      guard let output = node.outputs.first ?? nil else { continue }
      if let parameters = QuantizationStep.quantize(node, graph) {
        graph[output].quantization = parameters
      } else if Movement.commutes(node, graph), let input = node.inputs[0],
        graph[input].type == .uint8, let parameters = graph[input].quantization
      {
        for case let output? in node.outputs { graph[output].quantization = parameters }
      }
    }
  }

  /// What a node's operand is in integers: the value that a step takes to real numbers.
  private func integers(_ id: ValueID, _ graph: Graph, _ index: GraphIndex) -> ValueID? {
    guard let producer = index.producer[id.index],
      let parameters = QuantizationStep.dequantize(graph.nodes[producer], graph),
      let integers = graph.nodes[producer].inputs[0],
      graph[integers].quantization == parameters
    else { return nil }
    return integers
  }

  private func join(_ graph: inout Graph, _ effect: inout Effect) {
    let index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      guard let op = Operator.named(node.op), op.quantization == .integer, node.bodies.isEmpty,
        node.outputs.count == 1, let output = node.outputs[0], graph[output].type == .float32,
        let first = node.inputs.first ?? nil, graph[first].constant == nil
      else { continue }
      let operands = node.inputs.indices.filter { place in
        node.inputs[place].map { graph[$0].constant == nil } ?? false
      }
      let sources = operands.map { node.inputs[$0].flatMap { integers($0, graph, index) } }
      let isAnchor = node.op == "Conv" || node.op == "Gemm"
      // A layer that reads real numbers is no quantized layer.
      guard sources[0] != nil else { continue }
      if let reason = refusal(node, sources, graph) {
        if isAnchor { effect.left.append(FloatLayer(node: node.name, reason: reason)) }
        continue
      }
      let step = index.onlyConsumer(of: output)
      let result = step.flatMap { step in
        QuantizationStep.quantize(graph.nodes[step], graph).flatMap { _ in
          graph.nodes[step].outputs[0]
        }
      }
      // Integers that end as real numbers are an anchor's alone, and without a residual.
      guard result != nil || isAnchor && sources.count == 1 else {
        if isAnchor {
          effect.left.append(FloatLayer(node: node.name, reason: "its result is not quantized"))
        }
        continue
      }
      if isAnchor {
        guard let weights = node.inputs[1], let stored = graph[weights].constant,
          let rows = stored.symmetricRows()
        else { continue }
        if stored.type != .int8 || stored.quantization != rows.tensor.quantization {
          graph.nodes[position].inputs[1] = graph.addConstant(
            graph[weights].name + ".symmetric.\(position)", rows.tensor, as: .float32)
        }
        effect.layers += 1
        if !rows.isExact { effect.rounded += 1 }
      }
      if node.op == "Conv" { Self.dropDefaults(&graph.nodes[position]) }
      for (place, source) in zip(operands, sources) {
        graph.nodes[position].inputs[place] = source
      }
      if let result, let step {
        graph.nodes[position].outputs[0] = result
        isKept[step] = false
      }
      effect.integerNodes += 1
    }
    graph.compact(keeping: isKept)
  }

  /// Leaves out attributes that say what holds without them: in a file of integers they count.
  private static func dropDefaults(_ node: inout Node) {
    // Weights are constant: they have the shape of the kernel.
    node.attributes["kernel_shape"] = nil
    if node.attributes["group"] == .int(1) { node.attributes["group"] = nil }
    for (name, plain) in [("dilations", 1), ("strides", 1), ("pads", 0)] as [(String, Int64)] {
      if case .ints(let values)? = node.attributes[name], values.allSatisfy({ $0 == plain }) {
        node.attributes[name] = nil
      }
    }
  }

  /// Why a node between steps stays float, or nil.
  private func refusal(_ node: Node, _ sources: [ValueID?], _ graph: Graph) -> String? {
    if filter.excludes(node) { return "excluded" }
    guard sources.allSatisfy({ $0 != nil }) else { return "an operand is not quantized" }
    switch node.op {
    case "Conv", "Gemm": return layerRefusal(node, graph)
    case "Add", "Sub", "Mul", "Concat":
      // A constant operand would need parameters of its own.
      return sources.count == node.inputs.count ? nil : "an operand is constant"
    case "LayerNormalization", "BatchNormalization":
      return sources.count == 1 ? nil : "its scales are computed"
    default: return sources.count == 1 ? nil : "it combines several operands"
    }
  }

  private func layerRefusal(_ node: Node, _ graph: Graph) -> String? {
    guard node.inputs.count > 1, let weights = node.inputs[1],
      let tensor = graph[weights].constant
    else { return "its weights are computed from the input data" }
    guard tensor.shape.rank >= 2, tensor.shape.count > 0 else { return "its weights are empty" }
    if tensor.symmetricRows() == nil { return "its weights are not quantized by output channel" }
    if node.op == "Conv", tensor.shape.rank > 4 { return "it convolves over three dimensions" }
    if node.attributes["quantization"] != nil { return "its input is quantized at run time" }
    if node.op == "Gemm" {
      let factors = ["alpha", "beta"].allSatisfy { [nil, .float(1)].contains(node.attributes[$0]) }
      guard node.attributes["transB"] == .int(1), factors,
        [nil, .int(0)].contains(node.attributes["transA"])
      else { return "its weights are not one row for each output" }
    }
    if node.inputs.count > 2, let bias = node.inputs[2],
      graph[bias].constant.map({
        $0.shape.count == tensor.shape[0] && $0.shape.dimensions.last == tensor.shape[0]
      }) != true
    {
      return "its bias is not one number for each output"
    }
    if tensor.shape.dimensions[1...].reduce(1, *) > 66_000 {
      return "sums of its products may exceed 32 bits"
    }
    return nil
  }
}

extension GraphPass {
  /// A sum of a convolution and of something quantized, which is quantized itself, is added as the
  /// convolution stores: there is no rounding between them.
  ///
  ///     Conv -> Add(DequantizeLinear) -> QuantizeLinear
  ///     becomes      Conv(residual DequantizeLinear) -> QuantizeLinear
  static let addQuantizedResidual = GraphPass(
    name: "add-quantized-residual",
    summary: "a convolution between quantization steps adds what is quantized too"
  ) { graph in
    let index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      guard node.op == "Add", node.inputs.count == 2, let a = node.inputs[0],
        let b = node.inputs[1], a != b, let output = node.outputs[0],
        graph[a].shape == graph[b].shape, graph[output].shape?.rank == 4,
        endsInIntegers(output, graph, index)
      else { continue }
      for (mine, other) in [(a, b), (b, a)] {
        guard let producer = index.producer[mine.index], isKept[producer],
          index.onlyConsumer(of: mine) == position, graph.nodes[producer].op == "Conv",
          graph.nodes[producer].inputs.count <= 3,
          graph.nodes[producer].attributes["activation"] == nil,
          graph.nodes[producer].attributes["quantization"] == nil,
          isReal(graph.nodes[producer].inputs[0], graph, index), isReal(other, graph, index)
        else { continue }
        var fused = graph.nodes[producer]
        while fused.inputs.count < 3 { fused.inputs.append(nil) }
        fused.inputs.append(other)
        fused.outputs = [output]
        graph.nodes[position] = fused
        isKept[producer] = false
        break
      }
    }
    graph.compact(keeping: isKept)
    return isKept.count { !$0 }
  }

  /// Whether a step makes a value of integers.
  private static func isReal(_ id: ValueID?, _ graph: Graph, _ index: GraphIndex) -> Bool {
    guard let id, let producer = index.producer[id.index] else { return false }
    return QuantizationStep.dequantize(graph.nodes[producer], graph) != nil
  }

  /// Whether a value is quantized, with no more than a clamp before that.
  private static func endsInIntegers(_ id: ValueID, _ graph: Graph, _ index: GraphIndex) -> Bool {
    guard let reader = index.onlyConsumer(of: id) else { return false }
    let node = graph.nodes[reader]
    if QuantizationStep.quantize(node, graph) != nil { return true }
    guard node.op == "Relu" || node.op == "Clip", let output = node.outputs[0],
      let next = index.onlyConsumer(of: output)
    else { return false }
    return QuantizationStep.quantize(graph.nodes[next], graph) != nil
  }
}
