import ModelFormat

extension GraphPass {
  /// Transpositions move behind what works on single elements, meet there, and cancel.
  ///
  ///     Transpose(p) -> Transpose(q)                       becomes      Transpose(p∘q), or nothing
  ///     Transpose that moves extents of 1 alone            becomes      Reshape
  ///     Transpose(p) -> Relu                               becomes      Relu -> Transpose(p)
  ///     Add(Transpose(p)(a), Transpose(p)(b))              becomes      Add(a, b) -> Transpose(p)
  ///     Transpose(p) -> Mul(c)                             becomes      Mul(c in the other order) -> Transpose(p)
  ///     Transpose(p) -> ReduceMean(axes)                   becomes      ReduceMean(p(axes)) -> Transpose
  ///     Concat, Softmax, Pad, Slice, Split                 likewise, along the dimension before p
  ///     Reshape that adds and drops extents of 1           likewise
  ///
  /// Networks that were trained channels last come with a Transpose on either side of each convolution;
  /// afterwards one is left at each end. A Transpose that several nodes read is moved for one of them only
  /// where it meets another.
  static let mergeTransposes = GraphPass(
    name: "merge-transposes", summary: "transpositions move down, meet and cancel"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices where editor.isThere(position) {
      if editor.reshapeTranspose(position) || editor.mergeTranspose(position)
        || editor.sinkTransposes(position)
      {
        changes += 1
      }
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

extension GraphEditor {
  /// The order of the Transpose that computes `id`, and what it reads.
  func transposition(of id: ValueID?) -> (order: [Int], input: ValueID, position: Int)? {
    guard let position = maker(of: id), let (order, input) = transposition(at: position) else {
      return nil
    }
    return (order, input, position)
  }

  private func transposition(at position: Int) -> (order: [Int], input: ValueID)? {
    let node = self[position]
    guard node.op == "Transpose", let input = node.inputs[0],
      let rank = graph[input].shape?.rank
    else { return nil }
    guard case .ints(let stated)? = node.attributes["perm"] else {
      return (Array((0..<rank).reversed()), input)
    }
    let order = stated.map { Int(clamping: $0) }
    return order.sorted() == Array(0..<rank) ? (order, input) : nil
  }

  /// Whether nothing reads `id` and it is no graph output.
  func isUnread(_ id: ValueID) -> Bool { !isOutput(id) && readers[id.index].isEmpty }

  /// Makes a Reshape, which moves nothing, of a Transpose that keeps all elements in their order.
  fileprivate mutating func reshapeTranspose(_ position: Int) -> Bool {
    guard let (order, x) = transposition(at: position), let shape = graph[x].shape,
      !shape.dimensions.contains(0)
    else { return false }
    let moved = order.filter { shape[$0] != 1 }
    guard moved == moved.sorted() else { return false }
    let extents = addConstant(
      self[position].name + ".extents", Tensor(order.map { Int64(shape[$0]) }))
    replace(
      position,
      with: Node(
        name: self[position].name, op: "Reshape", inputs: [x, extents],
        outputs: self[position].outputs))
    return true
  }

  /// Makes one Transpose of two in a row.
  fileprivate mutating func mergeTranspose(_ position: Int) -> Bool {
    guard let (order, middle) = transposition(at: position),
      let (first, x, before) = transposition(of: middle), let output = self[position].outputs[0]
    else { return false }
    let merged = order.map { first[$0] }
    if merged == Array(merged.indices), redirect(output, to: x) {
      remove(position)
    } else {
      var node = self[position]
      node.inputs = [x]
      node.attributes = ["perm": .ints(merged.map { Int64($0) })]
      replace(position, with: node)
    }
    if isUnread(middle) { remove(before) }
    return true
  }

  /// Puts the node at `position` before the transpositions of its operands.
  fileprivate mutating func sinkTransposes(_ position: Int) -> Bool {
    let node = self[position]
    guard let rule = TransposeRule(node.op) else { return false }
    let data = rule.isOverAll ? Array(node.inputs.indices) : [0]
    var order: [Int]?
    var transposes: [Int] = []
    for slot in data {
      guard let id = node.inputs[slot] else { return false }
      if graph[id].constant != nil { continue }
      guard let found = transposition(of: id), order == nil || order == found.order else {
        return false
      }
      order = found.order
      transposes.append(found.position)
    }
    guard let order, isWorthwhile(transposes, reader: position),
      let inputs = rule.operands(node, order, data, &self),
      let attributes = rule.attributes(node, order)
    else { return false }
    var moved = node
    moved.inputs = inputs
    moved.attributes = attributes
    if case .shape = rule {
      moved.op = "Reshape"
      moved.attributes = [:]
    }
    return replace(position, with: moved, thenTranspose: rule.resultOrder(node, order, graph))
  }

  /// Whether moving does not leave more transpositions than there are.
  private func isWorthwhile(_ transposes: [Int], reader: Int) -> Bool {
    let freed = Set(transposes).count { position in
      guard let output = self[position].outputs[0], !isOutput(output) else { return false }
      return readers[output.index].allSatisfy { $0 == reader }
    }
    // A Split makes several small ones of one: as many bytes move.
    return freed >= 1
      || transposes.count == 1
        && self[reader].outputs.allSatisfy { $0.map { meetsTranspose($0, depth: 4) } ?? true }
  }

  /// Whether everybody who reads `id` is a Transpose, or leads to some alone: one that moves there
  /// meets them.
  private func meetsTranspose(_ id: ValueID, depth: Int) -> Bool {
    guard depth > 0, !isOutput(id), !readers[id.index].isEmpty, readers[id.index].count <= 4 else {
      return false
    }
    return readers[id.index].allSatisfy { position in
      let node = self[position]
      if node.op == "Transpose" { return true }
      guard let rule = TransposeRule(node.op), !rule.isOverAll,
        let output = node.outputs.first ?? nil
      else { return false }
      return meetsTranspose(output, depth: depth - 1)
    }
  }

  /// Puts `node` at `position`, with a Transpose behind each of its outputs.
  private mutating func replace(
    _ position: Int, with node: Node, thenTranspose order: [Int]?
  ) -> Bool {
    guard let order else { return false }
    var inverse = [Int](repeating: 0, count: order.count)
    for (to, from) in order.enumerated() { inverse[from] = to }
    let isInOrder = order == Array(order.indices)
    // The node runs where it was; the transpositions take the place behind it.
    let sources = node.inputs
    var moved = node
    var transposes: [Node] = []
    if !isInOrder {
      for (slot, id) in node.outputs.enumerated() {
        guard let id, let shape = graph[id].shape, shape.rank == order.count else { return false }
        let raw = addValue(
          graph[id].name + ".moved", graph[id].type, Shape(inverse.map { shape[$0] }))
        moved.outputs[slot] = raw
        transposes.append(
          Node(
            name: node.name + (slot == 0 ? ".order" : ".order\(slot)"), op: "Transpose",
            inputs: [raw], outputs: [id], attributes: ["perm": .ints(order.map { Int64($0) })]))
      }
    }
    let dead = Set(self[position].inputs.compactMap { $0 }).subtracting(sources.compactMap { $0 })
    if transposes.isEmpty {
      replace(position, with: moved)
    } else {
      // Later nodes look for the Transpose by its output: any position will do, in this order.
      let last = transposes.removeLast()
      replace(position, with: last)
      insert(moved, before: position)
      let others = transposes.map { insert($0, before: position) }
      // Pieces of a Split may have an extent of 1 where the whole has none.
      for made in others + [position] { _ = reshapeTranspose(made) }
    }
    for id in dead where isUnread(id) { maker(of: id).map { remove($0) } }
    return true
  }
}
