import ModelFormat
import Operators

extension GraphPass {
  /// Attention that is spelled out becomes one node.
  ///
  ///     MatMul(q·a, kᵀ·b) -> Mul(c) -> Add(mask) -> Softmax -> MatMul(v)
  ///     becomes      Attention(q, k, v, mask, scale a·b·c)
  ///
  /// q, k and v are [B, H, S, D]. Factors and mask may be missing, the factor a Div. What exporters put
  /// around the Softmax for rows that are all masked (0 where it is NaN) goes: Attention gives 0 there.
  static let recognizeAttention = GraphPass(
    name: "recognize-attention", summary: "attention that is spelled out becomes one node"
  ) { graph in
    guard Operator.named("Attention") != nil else { return 0 }
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices where editor[position].op == "MatMul" {
      for pattern in patterns {
        guard let match = Matcher(editor).match(pattern, at: position),
          editor.makeAttention(match, position)
        else { continue }
        changes += 1
        break
      }
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }

  /// From the one that says most to the one that says least.
  private static let patterns: [Pattern] = {
    let q = Pattern.either([.scaled(.value("q"), "a"), .value("q")])
    let k = Pattern.either([.scaled(.value("k"), "b"), .value("k")])
    let product = Pattern.node("MatMul", [q, k])
    let scores = Pattern.either([.scaled(product, "c"), product])
    let masked = Pattern.either([.node("Add", [scores, .value("mask")]), scores])
    let softmax = Pattern.named("softmax", .node("Softmax", [masked]))
    let guarded = Pattern.node("Where", [.node("IsNaN", [softmax]), .number(0), softmax])
    return [
      .node("MatMul", [guarded, .value("v")]), .node("MatMul", [softmax, .value("v")]),
    ]
  }()
}

extension GraphEditor {
  fileprivate mutating func makeAttention(_ match: Match, _ position: Int) -> Bool {
    let (q, k, v) = (match["q"], match["k"], match["v"])
    guard let queries = graph[q].shape, let keys = graph[k].shape, let values = graph[v].shape,
      queries.rank == 4, keys.rank == 4, values.rank == 4,
      [q, k, v].allSatisfy({ graph[$0].type == .float32 }), !queries.dimensions.contains(0),
      !keys.dimensions.contains(0),
      queries.dimensions[..<2] == keys.dimensions[..<2],
      queries.dimensions[..<2] == values.dimensions[..<2], keys[3] == values[2],
      let softmax = match.nodes["softmax"],
      [-1, 3].contains(self[softmax].attributes.integer("axis", default: -1))
    else { return false }
    var inputs: [ValueID?] = [q, nil, v]
    if let mask = match.values["mask"] {
      guard let shape = graph[mask].shape, graph[mask].type == .float32, shape.rank <= 4,
        shape.rank > 0, shape[shape.rank - 1] == keys[3]
      else { return false }
      let scores = [queries[0], queries[1], queries[2], keys[3]]
      guard zip(shape.dimensions.reversed(), scores.reversed()).allSatisfy({ $0 == 1 || $0 == $1 })
      else { return false }
      inputs.append(mask)
    }
    inputs[1] = transposedKeys(k, keys, before: position)
    var scale = 1.0
    for name in ["a", "b", "c"] { scale *= match.numbers[name] ?? 1 }
    guard scale.isFinite else { return false }
    apply(
      Replacement(op: "Attention", inputs: inputs, attributes: ["scale": .float(Float(scale))]),
      match, at: position)
    return true
  }

  /// The keys as [B, H, S, D]: what `id` is a transposition of, where it is one.
  private mutating func transposedKeys(_ id: ValueID, _ shape: Shape, before: Int) -> ValueID {
    let wanted: Shape = [shape[0], shape[1], shape[3], shape[2]]
    if let maker = maker(of: id), self[maker].op == "Reshape", let flat = self[maker].inputs[0],
      let (order, x, _) = transposition(of: flat), order.count == 3,
      let matrix = graph[flat].shape, matrix[1] == shape[2], matrix[2] == shape[3]
    {
      // [B·H, D, S] between reshapes: the last two change places there.
      let keys = transpose(x, [order[0], order[2], order[1]], id, before)
      let extents = addConstant(
        graph[id].name + ".extents", Tensor(wanted.dimensions.map { Int64($0) }))
      let reshaped = addValue(graph[id].name + ".keys", .float32, wanted)
      insert(
        Node(
          name: graph[reshaped].name, op: "Reshape", inputs: [keys, extents], outputs: [reshaped]),
        before: before)
      return reshaped
    }
    if let (order, x, _) = transposition(of: id) {
      return transpose(x, [order[0], order[1], order[3], order[2]], id, before)
    }
    return transpose(id, [0, 1, 3, 2], id, before)
  }

  /// A Transpose of `x`, or `x` where nothing changes places.
  private mutating func transpose(
    _ x: ValueID, _ order: [Int], _ base: ValueID, _ before: Int
  ) -> ValueID {
    if order == Array(order.indices) { return x }
    let shape = graph[x].shape.map { shape in Shape(order.map { shape[$0] }) }
    let output = addValue(graph[base].name + ".transposed", graph[x].type, shape)
    insert(
      Node(
        name: graph[output].name, op: "Transpose", inputs: [x], outputs: [output],
        attributes: ["perm": .ints(order.map { Int64($0) })]), before: before)
    return output
  }
}
