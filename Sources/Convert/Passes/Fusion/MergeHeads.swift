import ModelFormat

extension GraphPass {
  /// Attention reads heads where they lie beside one another.
  ///
  ///     Reshape(q, [B, S, H, D]) -> Transpose(0 2 1 3) -> Attention -> Transpose(0 2 1 3) -> Reshape([B, S, H·D])
  ///     becomes      Attention(q, q_num_heads H), on [B, S, H·D]
  ///
  /// Keys and values likewise, all of them or none. Nothing is moved any more.
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
      let result = graph[output].shape, result.rank == 4, let reader = onlyReader(of: output),
      let (order, _, _) = transposition(of: self[reader].outputs[0]), order == [0, 2, 1, 3],
      let transposed = self[reader].outputs[0]
    else { return false }
    var sources: [ValueID] = []
    for slot in 0..<3 {
      guard let (order, x, _) = transposition(of: node.inputs[slot]), order == [0, 2, 1, 3] else {
        return false
      }
      sources.append(x)
    }
    guard let heads = graph[sources[0]].shape, let keyHeads = graph[sources[1]].shape else {
      return false
    }
    var merged = node
    merged.attributes["q_num_heads"] = .int(Int64(heads[2]))
    merged.attributes["kv_num_heads"] = .int(Int64(keyHeads[2]))
    for (slot, x) in sources.enumerated() {
      guard let shape = graph[x].shape else { return false }
      let rows: Shape = [shape[0], shape[1], shape[2] * shape[3]]
      let flat = addValue(graph[x].name + ".heads", .float32, rows)
      insertReshape(x, flat, rows, before: position)
      merged.inputs[slot] = flat
    }
    let rows: Shape = [result[0], result[2], result[1] * result[3]]
    let flat = addValue(graph[output].name + ".heads", .float32, rows)
    let dead = node.inputs.prefix(3).compactMap { $0 }
    merged.outputs = [flat]
    replace(position, with: merged)
    // What was the Transpose gives the heads apart again; a Reshape behind it makes one of both.
    let shape: Shape = [result[0], result[2], result[1], result[3]]
    let extents = addConstant(
      graph[transposed].name + ".extents", Tensor(shape.dimensions.map { Int64($0) }))
    replace(
      reader,
      with: Node(
        name: self[reader].name, op: "Reshape", inputs: [flat, extents], outputs: [transposed]))
    for id in dead where isUnread(id) { maker(of: id).map { remove($0) } }
    return true
  }

  private mutating func insertReshape(
    _ x: ValueID, _ output: ValueID, _ shape: Shape, before position: Int
  ) {
    let extents = addConstant(
      graph[output].name + ".extents", Tensor(shape.dimensions.map { Int64($0) }))
    insert(
      Node(name: graph[output].name, op: "Reshape", inputs: [x, extents], outputs: [output]),
      before: position)
  }
}
