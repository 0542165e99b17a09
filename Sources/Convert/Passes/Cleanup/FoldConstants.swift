import Interpreter
import ModelFormat
import Operators

extension GraphPass {
  /// Every value gets its shape, and what can be computed now is.
  ///
  ///     Shape -> Gather -> Concat -> Reshape      becomes      Reshape (constant shape)
  ///
  /// Nodes run in order, so that one walk folds whole subgraphs, and control flow whose way is known by
  /// then gives way to the nodes of its bodies. A result is kept only where it is not larger than
  /// `foldLimit` or than what it was computed from; larger ones (masks of windowed attention) while
  /// they are a 32nd of all constants together. All keep to a budget: folding must not blow a file up.
  static let foldConstants = GraphPass(
    name: "fold-constants",
    summary: "shapes are inferred; what depends on constants alone is computed"
  ) { graph throws(ConvertError) in
    var budget = GrowthBudget(graph, times: 8, free: GrowthBudget.freeBytes)
    var allowance = budget.held / 32
    var expansion: ControlFlowExpansion?
    var pending = Array(graph.nodes.reversed())
    var changes = 0
    graph.nodes = []
    while let node = pending.popLast() {
      if !node.bodies.isEmpty {
        if expansion == nil { expansion = ControlFlowExpansion(graph) }
        if let nodes = expansion?.expand(node, &graph) {
          pending += nodes.reversed()
          changes += 1
          continue
        }
      }
      do throws(InterpreterError) { try graph.inferShapes(of: node) } catch { throw .graph(error) }
      guard let results = try foldedResults(node, graph, &budget, &allowance) else {
        graph.nodes.append(node)
        continue
      }
      for (id, tensor) in zip(node.outputs, results) {
        if let id { graph[id].constant = tensor }
      }
      changes += 1
    }
    graph.compact(keeping: Array(repeating: true, count: graph.nodes.count))
    guard graph.nodes.count <= nodeLimit else { throw .graph(.steps(graph.nodes.count)) }
    return changes
  }

  private static let foldLimit = 1 << 16
  /// Nodes that may be left: four times what can be planned, since fusing leaves fewer.
  ///
  /// Passes look through the readers of a value, of which there could be a million otherwise.
  private static let nodeLimit = 1 << 17

  /// The results of a node that can be computed now, or nil.
  private static func foldedResults(
    _ node: Node, _ graph: Graph, _ budget: inout GrowthBudget, _ allowance: inout Int
  ) throws(ConvertError) -> [Tensor]? {
    guard let op = Operator.named(node.op), node.bodies.isEmpty else { return nil }
    if node.op == "Shape" || node.op == "Size" {
      return try shapeResult(op, node, graph)
    }
    guard node.inputs.allSatisfy({ $0.map { graph[$0].constant != nil } ?? true }) else {
      return nil
    }
    // What is added up is at most 2⁴³ for each operand, of which there are at most 2¹⁷.
    func bytes(_ ids: [ValueID?]) -> Int {
      ids.reduce(0) { total, id in
        guard let id, let shape = graph[id].shape else { return total }
        return total + shape.count * graph[id].type.size
      }
    }
    let inputBytes = bytes(node.inputs)
    let outputBytes = bytes(node.outputs)
    let products = min(max(graph.multiplyAccumulates(of: node), 0), 1 << 60)
    let work = inputBytes + outputBytes + products
    if node.op == "DequantizeLinear", budget.take(bytes: 0, work: work),
      let weights = dequantizedWeights(node, graph)
    {
      return [weights]
    }
    let isLarge = outputBytes > max(foldLimit, inputBytes)
    guard !isLarge || outputBytes <= allowance, budget.take(bytes: outputBytes, work: work)
    else { return nil }
    if isLarge { allowance -= outputBytes }
    let inputs = node.inputs.map { id -> Tensor? in
      guard let id, let constant = graph[id].constant else { return nil }
      // Evaluation sees the logical type: a float16 weight is a float32 operand.
      return constant.type == graph[id].type
        ? constant.densified() : Tensor(constant.floats(), shape: constant.shape)
    }
    do throws(OperatorError) { return try op.evaluate(node: node, inputs: inputs) } catch {
      throw .graph(.node(name: node.name, op: node.op, error))
    }
  }

  /// The extents of a value are known although its elements are not.
  private static func shapeResult(
    _ op: Operator, _ node: Node, _ graph: Graph
  ) throws(ConvertError) -> [Tensor]? {
    guard let id = node.inputs.first ?? nil, let shape = graph[id].shape else { return nil }
    if node.op == "Size" { return [Tensor([Int64(shape.count)], shape: [])] }
    func bound(_ name: String, default value: Int) -> Int {
      guard case .int(let stated)? = node.attributes[name] else { return value }
      let index = Int(clamping: stated)
      return min(max(index < 0 ? index + shape.rank : index, 0), shape.rank)
    }
    let start = bound("start", default: 0)
    let end = max(start, bound("end", default: shape.rank))
    return [Tensor(shape.dimensions[start..<end].map { Int64($0) })]
  }

  /// Weights that arrive quantized stay in their integers: the constant keeps them with their scales.
  private static func dequantizedWeights(_ node: Node, _ graph: Graph) -> Tensor? {
    guard let x = node.inputs[0], let tensor = graph[x].constant, tensor.quantization == nil,
      let range = zeroPointRange(tensor.type), node.attributes["block_size"] == nil,
      let scaleID = node.inputs[1], let scales = graph[scaleID].constant?.floats(),
      scales.allSatisfy({ $0.isNormal && $0 > 0 })
    else { return nil }
    var zeroPoints = [Int32](repeating: 0, count: scales.count)
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let stated = graph.integers(id), stated.count == scales.count,
        stated.allSatisfy({ range.contains($0) })
      else { return nil }
      zeroPoints = stated.map { Int32($0) }
    }
    var quantization = Quantization(scale: scales[0], zeroPoint: zeroPoints[0])
    if graph[scaleID].shape?.rank == 1, scales.count > 1 || tensor.shape.rank == 1 {
      var axis = 1
      if case .int(let stated)? = node.attributes["axis"] { axis = Int(clamping: stated) }
      guard let axis = tensor.shape.normalized(axis: axis), tensor.shape[axis] == scales.count
      else { return nil }
      quantization = Quantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
    } else if scales.count != 1 {
      return nil
    }
    return Tensor(
      type: tensor.type, shape: tensor.shape, bytes: tensor.dense, quantization: quantization)
  }

  /// The zero points that quantized weights of `type` may have; nil for types that are no such weights.
  private static func zeroPointRange(_ type: ElementType) -> ClosedRange<Int>? {
    switch type {
    case .int8: -128...127
    case .uint8: 0...255
    default: nil
    }
  }
}
