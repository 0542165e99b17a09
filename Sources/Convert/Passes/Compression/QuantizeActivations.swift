import ModelFormat
import Operators

/// Turns the parts of a float network that integers can compute into uint8 activations and int8 weights.
///
///     x -> Conv -> Relu -> Conv -> Softmax      becomes
///     x -> QuantizeLinear -> Conv -> Conv(float out) -> Softmax
///
/// Conv and Gemm with constant weights are the anchors. Operators between them join where everything
/// they read is integer already and somebody reads their result as integers; a result that only float
/// operators read stays float. QuantizeLinear and DequantizeLinear stand where the two worlds meet.
struct QuantizeActivations {
  /// uint8 parameters for each value of the graph; nil where calibration saw nothing.
  let parameters: [Quantization?]
  let filter: NodeFilter

  /// What was done.
  struct Effect {
    var integerNodes = 0
    var layers = 0
    var left: [FloatLayer] = []
  }

  /// Quantizes `graph`, whose values are those that `parameters` were measured for.
  func apply(_ graph: inout Graph) -> Effect {
    var effect = Effect()
    let isInteger = absorbRelu(&graph, choose(graph, &effect))
    let index = GraphIndex(graph)
    quantizeWeights(&graph, isInteger, &effect)

    // Which values are wanted as integers, and which of those integers make.
    var isWanted = [Bool](repeating: false, count: graph.values.count)
    for (position, node) in graph.nodes.enumerated() where isInteger[position] {
      for id in Self.activations(node, graph) { isWanted[id.index] = true }
    }
    var integerForm: [ValueID: ValueID] = [:]
    var floatForm: [ValueID: ValueID] = [:]
    var names = FreshNames(graph)
    var nodes: [Node] = []
    for (position, original) in graph.nodes.enumerated() {
      var node = original
      let operands = Set(Self.activations(original, graph))
      for input in node.inputs.indices {
        guard let id = node.inputs[input] else { continue }
        if isInteger[position], operands.contains(id) {
          node.inputs[input] = integer(id, &integerForm, &nodes, &graph, &names)
        } else if let form = integerForm[id], form == id {
          node.inputs[input] = float(id, &floatForm, &nodes, &graph, &names)
        }
      }
      nodes.append(node)
      guard isInteger[position], let output = node.outputs[0], isWanted[output.index] else {
        continue
      }
      graph[output].type = .uint8
      graph[output].quantization =
        Operator.named(node.op)?.quantization == .passthrough
        ? node.inputs[0].flatMap { graph[$0].quantization } : parameters[output.index]
      integerForm[output] = output
      if index.isOutput[output.index] {
        _ = float(output, &floatForm, &nodes, &graph, &names)
      }
    }
    graph.nodes = nodes
    graph.outputs = graph.outputs.map { floatForm[$0] ?? $0 }
    unifyConcats(&graph)
    effect.integerNodes = isInteger.count { $0 }
    return effect
  }

  /// The inputs of a node that are activations; all others are weights and parameters.
  private static func activations(_ node: Node, _ graph: Graph) -> [ValueID] {
    node.inputs.compactMap { id in id.flatMap { graph[$0].constant == nil ? $0 : nil } }
  }

  /// The integer form of a value: itself, or quantized by a new node.
  private func integer(
    _ id: ValueID, _ known: inout [ValueID: ValueID], _ nodes: inout [Node], _ graph: inout Graph,
    _ names: inout FreshNames
  ) -> ValueID {
    if let form = known[id] { return form }
    guard let quantization = parameters[id.index] else { return id }
    let name = graph[id].name
    let form = graph.add(
      Value(
        name: names.name(name + ".quantized"), type: .uint8, shape: graph[id].shape,
        quantization: quantization))
    nodes.append(boundary("QuantizeLinear", id, form, quantization, name, &graph, &names))
    known[id] = form
    return form
  }

  /// The float form of a value that integers made.
  ///
  /// A graph output keeps its name.
  private func float(
    _ id: ValueID, _ known: inout [ValueID: ValueID], _ nodes: inout [Node], _ graph: inout Graph,
    _ names: inout FreshNames
  ) -> ValueID {
    if let form = known[id] { return form }
    guard let quantization = graph[id].quantization else { return id }
    let name = graph[id].name
    var formName = names.name(name + ".float")
    if graph.outputs.contains(id) {
      graph[id].name = names.name(name + ".quantized")
      formName = name
    }
    let form = graph.add(Value(name: formName, type: .float32, shape: graph[id].shape))
    nodes.append(boundary("DequantizeLinear", id, form, quantization, name, &graph, &names))
    known[id] = form
    return form
  }

  private func boundary(
    _ op: String, _ from: ValueID, _ to: ValueID, _ quantization: Quantization, _ name: String,
    _ graph: inout Graph, _ names: inout FreshNames
  ) -> Node {
    let scale = graph.addConstant(
      names.name(name + ".scale"), Tensor(quantization.scales, shape: []))
    let zero = graph.addConstant(
      names.name(name + ".zero_point"),
      Tensor(
        type: .uint8, shape: [],
        bytes: Bytes([UInt8(clamping: quantization.zeroPoints[0])])))
    return Node(
      name: "\(name).\(op)", op: op, inputs: [from, scale, zero], outputs: [to])
  }

  /// Gives products that only a Concat reads the parameters of its result: they are rounded once instead of
  /// twice, and can be written where they end up.
  private func unifyConcats(_ graph: inout Graph) {
    let index = GraphIndex(graph)
    for (position, node) in graph.nodes.enumerated() where node.op == "Concat" {
      guard let output = node.outputs[0], graph[output].type == .uint8 else { continue }
      for case let input? in node.inputs {
        guard let producer = index.producer[input.index], Self.isAnchor(graph.nodes[producer]),
          index.onlyConsumer(of: input) == position, graph[input].type == .uint8
        else { continue }
        graph[input].quantization = graph[output].quantization
      }
    }
  }

  private func quantizeWeights(
    _ graph: inout Graph, _ isInteger: [Bool], _ effect: inout Effect
  ) {
    for (position, node) in graph.nodes.enumerated() where isInteger[position] {
      guard Self.isAnchor(node), let weights = node.inputs[1],
        let stored = graph[weights].constant?.quantizedRows()
      else { continue }
      graph[weights].constant = stored
      effect.layers += 1
    }
  }

  private static func isAnchor(_ node: Node) -> Bool { node.op == "Conv" || node.op == "Gemm" }
}

/// Which nodes compute in integers.
extension QuantizeActivations {
  /// Removes a Relu whose producer saturates at zero by itself: its result begins at the zero point.
  ///
  ///     Add -> Relu      becomes      Add with the range of the Relu
  ///
  /// The range is not spent on what Relu would drop. Returns which of the remaining nodes are integer.
  private func absorbRelu(_ graph: inout Graph, _ isInteger: [Bool]) -> [Bool] {
    let index = GraphIndex(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for (position, node) in graph.nodes.enumerated() where isInteger[position] && node.op == "Relu"
    {
      guard let input = node.inputs[0], let output = node.outputs[0],
        let producer = index.producer[input.index], isInteger[producer],
        index.onlyConsumer(of: input) == position,
        Operator.named(graph.nodes[producer].op)?.quantization == .integer,
        parameters[output.index]?.zeroPoints[0] == 0
      else { continue }
      graph.nodes[producer].outputs[0] = output
      if Self.isAnchor(graph.nodes[producer]) {
        // Said as well, for passes that give the anchor another output.
        graph.nodes[producer].attributes["activation"] = .string("Relu")
      }
      isKept[position] = false
    }
    graph.nodes = zip(graph.nodes, isKept).filter(\.1).map(\.0)
    return zip(isInteger, isKept).filter(\.1).map(\.0)
  }

  private func choose(_ graph: Graph, _ effect: inout Effect) -> [Bool] {
    let index = GraphIndex(graph)
    var anchors = [Bool](repeating: false, count: graph.nodes.count)
    for (position, node) in graph.nodes.enumerated() where Self.isAnchor(node) {
      if let reason = refusal(node, graph) {
        effect.left.append(FloatLayer(node: node.name, reason: reason))
      } else {
        anchors[position] = true
      }
    }
    let slow = IntegerGains(graph, index).trim(&anchors) { spread($0, graph, index) }
    for position in slow.sorted() {
      effect.left.append(
        FloatLayer(node: graph.nodes[position].name, reason: DynamicChoice.gainsNothing))
    }
    return spread(anchors, graph, index)
  }

  /// Which nodes compute in integers where `anchors` do.
  private func spread(_ anchors: [Bool], _ graph: Graph, _ index: GraphIndex) -> [Bool] {
    var isInteger = anchors
    for (position, node) in graph.nodes.enumerated() where !Self.isAnchor(node) {
      isInteger[position] = canJoin(node, graph, index, isInteger)
    }
    // From the end: who joined without a reader in integers leaves again.
    for position in graph.nodes.indices.reversed()
    where isInteger[position] && !Self.isAnchor(graph.nodes[position]) {
      let isRead = graph.nodes[position].outputs.contains { id in
        id.map { index.consumers[$0.index].contains { isInteger[$0] } } ?? false
      }
      if !isRead { isInteger[position] = false }
    }
    return isInteger
  }

  /// Why an anchor has to stay float, or nil.
  private func refusal(_ node: Node, _ graph: Graph) -> String? {
    if filter.excludes(node) { return "excluded" }
    guard let input = node.inputs[0], graph[input].type == .float32,
      graph[input].constant == nil
    else { return "its input is no float activation" }
    guard let weights = node.inputs[1], let tensor = graph[weights].constant else {
      return "its weights are computed from the input data"
    }
    if node.op == "Conv", tensor.shape.rank > 4 { return "it convolves over three dimensions" }
    if node.op == "Gemm",
      node.attributes["transB"] != .int(1) || node.attributes["transA"] == .int(1)
    {
      return "its weights are not one row for each output"
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
    if tensor.quantizedRows() == nil { return "its weights are not finite" }
    if parameters[input.index] == nil { return "calibration saw no finite input" }
    guard let output = node.outputs[0], parameters[output.index] != nil else {
      return "calibration saw no finite output"
    }
    return nil
  }

  /// Whether a node between anchors can compute in integers, given who does before it.
  private func canJoin(
    _ node: Node, _ graph: Graph, _ index: GraphIndex, _ isInteger: [Bool]
  ) -> Bool {
    guard let op = Operator.named(node.op), op.quantization != .none, !filter.excludes(node),
      node.outputs.count == 1, let output = node.outputs[0], graph[output].type == .float32,
      parameters[output.index] != nil, let first = node.inputs.first, first != nil
    else { return false }
    let operands = Self.activations(node, graph)
    guard !operands.isEmpty, node.inputs[0].map({ graph[$0].constant == nil }) ?? false else {
      return false
    }
    // A constant operand of an addition would need parameters of its own.
    let elementwise = ["Add", "Sub", "Mul", "Div", "Concat", "Min", "Max", "Sum", "Pow", "PRelu"]
    if elementwise.contains(node.op), operands.count != node.inputs.count { return false }
    // Scales and biases become steps of the output, which takes constants.
    let normalizations = ["LayerNormalization", "BatchNormalization"]
    if normalizations.contains(node.op), operands.count != 1 { return false }
    return operands.allSatisfy { id in
      index.producer[id.index].map { isInteger[$0] } ?? false
    }
  }
}
