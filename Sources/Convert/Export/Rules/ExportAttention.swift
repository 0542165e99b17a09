import ModelFormat

extension ExportRule {
  /// Attention: products, a sum and Softmax below opset 23.
  static let attention = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 23 { return scope.add(draft) }
    let isPlain =
      draft.outputs.count == 1 && draft.node.inputs.dropFirst(4).allSatisfy { $0 == nil }
      && draft.int("is_causal") ?? 0 == 0 && draft.float("softcap") ?? 0 == 0
      && draft.int("left_window_size") ?? -1 < 0 && draft.int("right_window_size") ?? -1 < 0
    guard isPlain else { throw .needs(opset: 23, "with a past, windows or more outputs") }
    try scope.attention(draft)
  }
}

extension ExportScope {
  fileprivate mutating func attention(_ draft: ExportDraft) throws(ExportRefusal) {
    let base = draft.node.name
    let shapes = (0..<3).map { place in draft.value(place).flatMap { graph[$0].shape } }
    guard let query = shapes[0], let key = shapes[1], let value = shapes[2],
      [3, 4].contains(query.rank), key.rank == query.rank, value.rank == query.rank
    else { throw .needs(opset: 23, "of values of unknown rank") }
    let isPacked = query.rank == 3
    let heads = isPacked ? draft.int("q_num_heads") ?? 0 : query[1]
    let shared = isPacked ? draft.int("kv_num_heads") ?? heads : key[1]
    guard heads > 0, heads == shared, !isPacked || query[2] % heads == 0 else {
      throw .needs(opset: 23, "with shared heads")
    }
    let size = isPacked ? query[2] / heads : query[3]
    guard size > 0 else { throw .needs(opset: 23, "of nothing") }

    /// [B, H, S, D], whatever the operand's form.
    func split(_ name: String?, _ scope: inout ExportScope) -> String? {
      guard isPacked else { return name }
      let extents = scope.integers([0, 0, heads, -1], base: "\(base).heads")
      let parts = scope.emit("Reshape", [name, extents], base: base)
      return scope.emit("Transpose", [parts], ["perm": .ints([0, 2, 1, 3])], base: base)
    }
    let q = split(draft.input(0), &self)
    let k = split(draft.input(1), &self)
    let v = split(draft.input(2), &self)
    let turned = emit("Transpose", [k], ["perm": .ints([0, 1, 3, 2])], base: base)
    var scores = emit("MatMul", [q, turned], base: base)
    let scale = draft.float("scale") ?? 1 / Float(size).squareRoot()
    scores = emit("Mul", [scores, scalar(scale, base: "\(base).scale")], base: base)
    if let mask = draft.input(3), let id = draft.value(3) {
      if graph[id].type == .bool {
        let zero = scalar(0, base: "\(base).zero")
        let least = scalar(-.greatestFiniteMagnitude, base: "\(base).least")
        let numbers = emit("Where", [mask, zero, least], base: base)
        scores = emit("Add", [scores, numbers], base: base)
      } else {
        scores = emit("Add", [scores, mask], base: base)
      }
    }
    let weights = emit("Softmax", [scores], ["axis": .int(-1)], base: base)
    let result = emit(
      "MatMul", [weights, v], base: base, output: isPacked ? nil : draft.outputs[0])
    guard isPacked else { return }
    let joined = emit("Transpose", [result], ["perm": .ints([0, 2, 1, 3])], base: base)
    emit(
      "Reshape", [joined, integers([0, 0, -1], base: "\(base).joined")], base: base,
      output: draft.outputs[0])
  }
}
