import ModelFormat

extension GraphPass {
  /// Attention reads heads where they lie beside one another.
  ///
  ///     Transpose(0 2 1 3) -> Attention -> Transpose(0 2 1 3)
  ///     becomes      Reshape([B, S, H·D]) -> Attention(q_num_heads H) -> Reshape([B, S, H, D])
  ///
  /// Queries, keys and values alike, all of them or none; for one sample the Transpose may leave the
  /// batch out and have a Reshape behind it. Nothing is moved any more.
  static let mergeHeads = GraphPass(
    name: "merge-heads", summary: "attention reads heads where they lie beside one another"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices
    where editor[position].op == "Attention" && editor.mergeHeads(position) { changes += 1 }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

extension GraphEditor {
  fileprivate mutating func mergeHeads(_ position: Int) -> Bool {
    let node = self[position]
    guard node.inputs.count <= 4, node.outputs.count == 1, let output = node.outputs[0],
      let result = graph[output].shape, result.rank == 4, node.attributes["q_num_heads"] == nil,
      let reader = onlyReader(of: output), let back = self[reader].outputs[0],
      let (order, _, _) = transposition(of: back), let shape = graph[back].shape,
      order == [0, 2, 1, 3] || result[0] == 1 && order.filter({ $0 != 0 }) == [2, 1, 3]
    else { return false }
    var sources: [ValueID] = []
    var heads: [Shape] = []
    for id in node.inputs.prefix(3) {
      guard let id, let shape = graph[id].shape, let source = rows(of: id, shape) else {
        return false
      }
      sources.append(source)
      heads.append(shape)
    }
    var merged = node
    merged.attributes["q_num_heads"] = .int(Int64(heads[0][1]))
    merged.attributes["kv_num_heads"] = .int(Int64(heads[1][1]))
    for slot in 0..<3 {
      let (b, h, s, d) = (heads[slot][0], heads[slot][1], heads[slot][2], heads[slot][3])
      merged.inputs[slot] = reshaped(sources[slot], [b, s, h * d], before: position)
    }
    let flat = addValue(
      graph[output].name + ".rows", .float32, [result[0], result[2], result[1] * result[3]])
    let dead = node.inputs.prefix(3).compactMap { $0 }
    merged.outputs = [flat]
    replace(position, with: merged)
    // What was the Transpose gives the heads apart again; a Reshape behind it makes one of both.
    let extents = addConstant(
      graph[back].name + ".extents", Tensor(shape.dimensions.map { Int64($0) }))
    replace(
      reader,
      with: Node(name: self[reader].name, op: "Reshape", inputs: [flat, extents], outputs: [back]))
    for id in dead where isUnread(id) { maker(of: id).map { remove($0) } }
    return true
  }

  /// The value whose elements are those of `id`, [B, H, S, D], in the order [B, S, H, D].
  private func rows(of id: ValueID, _ shape: Shape) -> ValueID? {
    guard shape.rank == 4 else { return nil }
    if let (order, x, _) = transposition(of: id), order == [0, 2, 1, 3] { return x }
    // One sample: [S, H, D] among extents of 1, transposed to [H, S, D], reshaped to [1, H, S, D].
    guard shape[0] == 1, !shape.dimensions.dropFirst().contains(1), let maker = maker(of: id),
      let middle = self[maker].op == "Reshape" ? self[maker].inputs[0] : id,
      let (order, x, _) = transposition(of: middle), let before = graph[x].shape
    else { return nil }
    let moved = order.filter { before[$0] != 1 }
    guard moved.map({ before[$0] }) == Array(shape.dimensions.dropFirst()),
      let first = moved.sorted().first, moved.count == 3, moved[1] == first, moved[2] == moved.max()
    else { return nil }
    return x
  }

  private mutating func reshaped(_ x: ValueID, _ shape: Shape, before position: Int) -> ValueID {
    if graph[x].shape == shape { return x }
    let output = addValue(graph[x].name + ".rows", graph[x].type, shape)
    let extents = addConstant(
      graph[output].name + ".extents", Tensor(shape.dimensions.map { Int64($0) }))
    insert(
      Node(name: graph[output].name, op: "Reshape", inputs: [x, extents], outputs: [output]),
      before: position)
    return output
  }
}
