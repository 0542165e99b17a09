import ModelFormat

extension GraphPass {
  /// QLinearConv and QLinearMatMul are taken apart, so that quantized models come in one form.
  ///
  ///     QLinearConv(x, w, b)      becomes      DequantizeLinear -> Conv -> QuantizeLinear
  ///     QLinearMatMul(a, b)       becomes      DequantizeLinear -> Gemm -> QuantizeLinear
  ///
  /// Weights, scales and zero points must be constants. Weights keep their integers.
  static let unpackQuantizedProducts = GraphPass(
    name: "unpack-quantized-products",
    summary: "QLinearConv and QLinearMatMul become Conv and Gemm between quantization steps"
  ) { graph in
    var names = FreshNames(graph)
    var nodes: [Node] = []
    var changes = 0
    for node in graph.nodes {
      guard node.op == "QLinearConv" || node.op == "QLinearMatMul",
        let parts = unpacked(node, &graph, &names)
      else {
        nodes.append(node)
        continue
      }
      nodes += parts
      changes += 1
    }
    graph.nodes = nodes
    return changes
  }

  /// The nodes that do what a quantized product does, or nil where it stays.
  private static func unpacked(
    _ node: Node, _ graph: inout Graph, _ names: inout FreshNames
  ) -> [Node]? {
    guard node.inputs.count >= 8, let x = node.inputs[0], graph[x].constant == nil,
      let w = node.inputs[3], let stored = graph[w].constant, let y = node.outputs[0],
      let scale = graph.floats(node.inputs[1]), scale.count == 1,
      let weightScales = graph.floats(node.inputs[4]),
      let weightZeros = graph.integers(node.inputs[5]),
      let resultScale = graph.floats(node.inputs[6]), resultScale.count == 1,
      graph.integers(node.inputs[2])?.count == 1, graph.integers(node.inputs[7])?.count == 1
    else { return nil }
    let isConv = node.op == "QLinearConv"
    let axis = isConv ? 0 : 1
    guard isConv || stored.shape.rank == 2,
      var weights = stored.quantized(weightScales, weightZeros, axis: axis)
    else { return nil }
    if !isConv { weights = weights.transposedMatrix() }

    func real(_ base: String, _ shape: Shape?) -> ValueID {
      graph.add(Value(name: names.name(base), type: .float32, shape: shape))
    }
    let input = real(graph[x].name + ".real", graph[x].shape)
    let result = real(graph[y].name + ".real", graph[y].shape)
    var operands: [ValueID?] = [
      input, graph.addConstant(names.name(graph[w].name + ".real"), weights, as: .float32),
    ]
    if isConv, node.inputs.count > 8, let bias = node.inputs[8] {
      guard let sums = graph.integers(bias), sums.count == weights.shape[0] else { return nil }
      let real = sums.enumerated().map { channel, sum in
        let step = weightScales[weightScales.count == 1 ? 0 : channel]
        return Float(Double(sum) * Double(scale[0]) * Double(step))
      }
      operands.append(
        graph.addConstant(names.name(graph[bias].name + ".real"), Tensor(real, shape: [real.count]))
      )
    }
    return [
      Node(
        name: node.name + ".DequantizeLinear", op: "DequantizeLinear",
        inputs: [x, node.inputs[1], node.inputs[2]], outputs: [input]),
      Node(
        name: node.name, op: isConv ? "Conv" : "Gemm", inputs: operands, outputs: [result],
        attributes: isConv ? node.attributes : ["transB": .int(1)]),
      Node(
        name: node.name + ".QuantizeLinear", op: "QuantizeLinear",
        inputs: [result, node.inputs[6], node.inputs[7]], outputs: [y]),
    ]
  }
}

extension Tensor {
  /// Stored integers with scales and zero points: one for all, or one for each index along `axis`.
  ///
  /// Nil where the integers have not eight bits, or the parameters do not fit.
  fileprivate func quantized(_ scales: [Float], _ zeros: [Int], axis: Int) -> Tensor? {
    guard quantization == nil, type == .int8 || type == .uint8, axis < shape.rank,
      scales.allSatisfy({ $0.isNormal && $0 > 0 }), scales.count == zeros.count,
      zeros.allSatisfy({ (type == .int8 ? -128...127 : 0...255).contains($0) }),
      scales.count == 1 || scales.count == shape[axis]
    else { return nil }
    let zeroPoints = zeros.map { Int32($0) }
    return Tensor(
      type: type, shape: shape, bytes: dense,
      quantization: scales.count == 1
        ? Quantization(scale: scales[0], zeroPoint: zeroPoints[0])
        : Quantization(scales: scales, zeroPoints: zeroPoints, axis: axis))
  }
}
