import ModelFormat
import Operators

/// How a transposition moves from the operands of an operator to its result.
enum TransposeRule {
  /// Works on single elements of one operand.
  case unary
  /// Works on single elements of operands that broadcast.
  case elementwise
  /// Has an attribute `axis`, and one operand that moves.
  case axis
  /// Joins operands along `axis`.
  case concat
  /// Reduces the axes of its second input.
  case reduction
  /// Begins and ends for each dimension, as the second input.
  case pad
  /// Starts, ends, axes and steps, as inputs.
  case slice
  /// Changes the shape; moves where only extents of 1 come and go.
  case shape

  init?(_ op: String) {
    switch op {
    case "Abs", "Cast", "Ceil", "Clip", "Cos", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid",
      "HardSwish", "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu",
      "Sigmoid", "Sign", "Sin", "Softplus", "Sqrt", "Swish", "Tanh":
      self = .unary
    case "Add", "Div", "Max", "Min", "Mul", "PRelu", "Pow", "Sub": self = .elementwise
    case "Softmax", "LogSoftmax", "Split": self = .axis
    case "Concat": self = .concat
    case "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum": self = .reduction
    case "Pad": self = .pad
    case "Slice": self = .slice
    case "Flatten", "Reshape", "Squeeze", "Unsqueeze": self = .shape
    default: return nil
    }
  }

  /// Whether all operands are transposed, or only the first.
  var isOverAll: Bool {
    switch self {
    case .elementwise, .concat: true
    default: false
    }
  }

  /// The operands in the order before the transposition; nil where that cannot be.
  func operands(
    _ node: Node, _ order: [Int], _ data: [Int], _ editor: inout GraphEditor
  ) -> [ValueID?]? {
    var inputs = node.inputs
    for slot in data {
      guard let id = inputs[slot] else { return nil }
      if editor.graph[id].constant != nil {
        guard let moved = editor.reordered(id, order) else { return nil }
        inputs[slot] = moved
      } else {
        inputs[slot] = editor.transposition(of: id)?.input
      }
    }
    switch self {
    case .unary, .elementwise, .axis, .concat: return inputs
    case .shape:
      guard let result = resultOrder(node, order, editor.graph), let output = node.outputs[0],
        let shape = editor.graph[output].shape
      else { return nil }
      var before = [Int64](repeating: 1, count: result.count)
      for (to, from) in result.enumerated() { before[from] = Int64(shape[to]) }
      return [inputs[0], editor.addConstant(node.name + ".extents", Tensor(before))]
    case .reduction:
      guard inputs.count == 2, let axes = axes(inputs[1], order, editor), !axes.isEmpty else {
        return nil
      }
      inputs[1] = editor.addConstant(node.name + ".axes", Tensor(axes))
    case .slice:
      guard inputs.count >= 4, let axes = axes(inputs[3], order, editor) else { return nil }
      inputs[3] = editor.addConstant(node.name + ".axes", Tensor(axes))
    case .pad:
      guard inputs.count >= 2, inputs.count < 4 || inputs[3] == nil,
        let pads = editor.graph.integers(inputs[1]), pads.count == 2 * order.count
      else { return nil }
      var moved = [Int64](repeating: 0, count: pads.count)
      for (to, from) in order.enumerated() {
        moved[from] = Int64(pads[to])
        moved[order.count + from] = Int64(pads[order.count + to])
      }
      inputs[1] = editor.addConstant(node.name + ".pads", Tensor(moved))
    }
    return inputs
  }

  /// The attributes in the order before the transposition.
  func attributes(_ node: Node, _ order: [Int]) -> [String: Attribute]? {
    var attributes = node.attributes
    switch self {
    case .axis, .concat:
      let axis = attributes.integer("axis", default: node.op == "Split" ? 0 : -1)
      let normalized = axis < 0 ? axis + order.count : axis
      guard order.indices.contains(normalized) else { return nil }
      attributes["axis"] = .int(Int64(order[normalized]))
    default: break
    }
    return attributes
  }

  /// The transposition behind the node.
  func resultOrder(_ node: Node, _ order: [Int], _ graph: Graph) -> [Int]? {
    if case .shape = self { return shapeOrder(node, order, graph) }
    guard case .reduction = self, node.attributes.integer("keepdims", default: 1) == 0 else {
      return order
    }
    guard let axes = graph.integers(node.inputs[1]) else { return nil }
    let gone = Set(axes.map { $0 < 0 ? $0 + order.count : $0 })
    let left = order.indices.filter { !gone.contains($0) }.map { order[$0] }
    let ranks = left.sorted()
    return left.map { ranks.firstIndex(of: $0) ?? 0 }
  }

  /// The transposition behind a change of shape: extents of 1 stay where they are, the others change
  /// places as before; nil where others come or go.
  private func shapeOrder(_ node: Node, _ order: [Int], _ graph: Graph) -> [Int]? {
    guard let input = node.inputs[0], let output = node.outputs[0],
      let before = graph[input].shape, let after = graph[output].shape,
      !after.dimensions.contains(0),
      before.dimensions.filter({ $0 != 1 }) == after.dimensions.filter({ $0 != 1 })
    else { return nil }
    let sources = order.indices.filter { before[$0] != 1 }.map { order[$0] }
    let places = after.dimensions.indices.filter { after[$0] != 1 }
    let ranks = sources.sorted()
    var result = Array(after.dimensions.indices)
    for (place, source) in zip(places, sources) {
      result[place] = places[ranks.firstIndex(of: source) ?? 0]
    }
    return result
  }

  private func axes(_ id: ValueID?, _ order: [Int], _ editor: GraphEditor) -> [Int64]? {
    guard let stated = editor.graph.integers(id) else { return nil }
    let normalized = stated.map { $0 < 0 ? $0 + order.count : $0 }
    guard normalized.allSatisfy(order.indices.contains) else { return nil }
    return normalized.map { Int64(order[$0]) }
  }
}

extension GraphEditor {
  /// A constant that broadcasts over a transposed value, for the value before the transposition.
  fileprivate mutating func reordered(_ id: ValueID, _ order: [Int]) -> ValueID? {
    guard let tensor = graph[id].constant, tensor.quantization == nil,
      tensor.byteCount <= 1 << 24, tensor.shape.rank <= order.count
    else { return nil }
    if tensor.shape.count == 1 { return id }
    guard affords(tensor.shape.count) else { return nil }
    let padded =
      [Int](repeating: 1, count: order.count - tensor.shape.rank) + tensor.shape.dimensions
    var inverse = [Int](repeating: 0, count: order.count)
    for (to, from) in order.enumerated() { inverse[from] = to }
    let dense = Tensor(type: tensor.type, shape: Shape(padded), bytes: tensor.dense)
    let node = Node(
      name: "", op: "Transpose", inputs: [nil], outputs: [nil],
      attributes: ["perm": .ints(inverse.map { Int64($0) })])
    guard let moved = try? Operator.named("Transpose")?.evaluate(node: node, inputs: [dense]).first
    else { return nil }
    return addConstant(graph[id].name + ".order", moved, as: graph[id].type)
  }
}
