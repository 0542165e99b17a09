import ModelFormat
import Operators

extension GraphPass {
  /// Attention that is spelled out becomes one node.
  ///
  ///     MatMul(q·a, kᵀ·b) -> Mul(c) -> Add(mask) -> Softmax -> MatMul(v)
  ///     becomes      Attention(q, k, v, mask, scale a·b·c)
  ///
  /// q, k and v are [B, H, S, D]. Factors and mask may be missing, a factor may be a Div, and c a
  /// constant for each head, which then multiplies q. What exporters put around the Softmax for rows
  /// that are all masked (0 where it is NaN) goes: Attention gives 0 there. Windows of shifted attention
  /// add a mask for each head and, between reshapes, one for each window: an Add makes one of both.
  static let recognizeAttention = GraphPass(
    name: "recognize-attention", summary: "attention that is spelled out becomes one node"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices where editor[position].op == "MatMul" {
      guard let match = Matcher(editor).match(pattern, at: position),
        editor.makeAttention(match, position)
      else { continue }
      changes += 1
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }

  private static let pattern: Pattern = {
    let q = Pattern.either([.scaled(.value("q"), "a"), .value("q")])
    let k = Pattern.either([.scaled(.value("k"), "b"), .value("k")])
    let product = Pattern.node("MatMul", [q, k])
    let scores = Pattern.either([
      .scaled(product, "c"), .node("Mul", [product, .constant("heads")]), product,
    ])
    let masked = Pattern.node("Add", [scores, .value("mask")])
    let windows = Pattern.named("windows", .node("Reshape", [masked, .value("split")]))
    let twice = Pattern.node("Add", [windows, .constant("shifts")])
    let logits = Pattern.either([.node("Reshape", [twice, .value("joined")]), masked, scores])
    let softmax = Pattern.named("softmax", .node("Softmax", [logits]))
    let guarded = Pattern.node("Where", [.node("IsNaN", [softmax]), .number(0), softmax])
    return .node("MatMul", [.either([guarded, softmax]), .value("v")])
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
    let scores = [queries[0], queries[1], queries[2], keys[3]]
    var scale = 1.0
    for name in ["a", "b", "c"] { scale *= match.numbers[name] ?? 1 }
    guard scale.isFinite else { return false }
    let heads = match.values["heads"]
    if let heads {
      guard let shape = graph[heads].shape, shape.rank >= 3, shape.rank <= 4,
        shape.dimensions.suffix(3) == [scores[1], 1, 1], shape.count == scores[1]
      else { return false }
    }
    var inputs: [ValueID?] = [q, nil, v]
    if let mask = match.values["mask"] {
      guard let shape = graph[mask].shape, graph[mask].type == .float32, shape.rank > 0,
        shape[shape.rank - 1] == keys[3], broadcasts(shape, to: scores),
        let whole = joinedMask(mask, match, scores, before: position)
      else { return false }
      inputs.append(whole)
    }
    if let heads {
      let scaled = addValue(graph[q].name + ".scaled", .float32, queries)
      insert(
        Node(name: graph[scaled].name, op: "Mul", inputs: [q, heads], outputs: [scaled]),
        before: position)
      inputs[0] = scaled
    }
    inputs[1] = transposedKeys(k, keys, before: position)
    apply(
      Replacement(op: "Attention", inputs: inputs, attributes: ["scale": .float(Float(scale))]),
      match, at: position)
    return true
  }

  private func broadcasts(_ shape: Shape, to extents: [Int]) -> Bool {
    shape.rank <= extents.count
      && zip(shape.dimensions.reversed(), extents.reversed()).allSatisfy { $0 == 1 || $0 == $1 }
  }

  /// The mask with that of each window, [1, W, 1, S, T] over [1, W, H, S, T], where there is one; nil
  /// where that has another form.
  private mutating func joinedMask(
    _ mask: ValueID, _ match: Match, _ scores: [Int], before position: Int
  ) -> ValueID? {
    guard let shifts = match.values["shifts"] else { return mask }
    guard let windows = match.nodes["windows"], let view = self[windows].outputs[0],
      graph[view].shape?.dimensions == [1] + scores,
      let shape = graph[shifts].shape, shape.rank == 5, broadcasts(shape, to: [1] + scores)
    else { return nil }
    let extents = Array(shape.dimensions.dropFirst())
    let flat = addValue(graph[shifts].name + ".windows", .float32, Shape(extents))
    let target = addConstant(graph[flat].name + ".extents", Tensor(extents.map { Int64($0) }))
    insert(
      Node(name: graph[flat].name, op: "Reshape", inputs: [shifts, target], outputs: [flat]),
      before: position)
    let whole = addValue(graph[mask].name + ".windows", .float32, Shape(scores))
    insert(
      Node(name: graph[whole].name, op: "Add", inputs: [mask, flat], outputs: [whole]),
      before: position)
    return whole
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
