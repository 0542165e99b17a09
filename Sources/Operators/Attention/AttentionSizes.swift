import ModelFormat

/// The heads of queries, keys or values in memory: [B, H, S, D], or [B, S, H·D].
package struct HeadView: Sendable {
  /// Heads, entries of the sequence, and elements of an entry.
  package var heads: Int, length: Int, size: Int
  /// Elements between samples, heads and entries.
  package var batchStride: Int, headStride: Int, rowStride: Int

  /// The view of an input of four dimensions, or of three with `heads` heads.
  init(_ facts: NodeFacts, _ index: Int, heads: Int) throws(OperatorError) {
    let shape = try facts.input(index).shape
    guard shape.rank == 3 || shape.rank == 4 else {
      throw .rank(operand: "input \(index)", found: shape.rank, expected: "3 or 4")
    }
    if shape.rank == 4 {
      self.init(dense: shape[1], shape[2], shape[3])
      return
    }
    guard heads >= 1, heads <= Limits.extent, shape[2] % heads == 0 else {
      throw .shapeMismatch("input \(index) of shape \(shape) does not have \(heads) heads")
    }
    self.init(dense: heads, shape[1], shape[2] / heads)
    (headStride, rowStride) = (size, shape[2])
  }

  /// A dense view [B, heads, length, size].
  init(dense heads: Int, _ length: Int, _ size: Int) {
    (self.heads, self.length, self.size) = (heads, length, size)
    (batchStride, headStride, rowStride) = (heads &* length &* size, length &* size, size)
  }
}

/// The sizes of an Attention node.
package struct AttentionSizes: Sendable {
  /// Samples.
  package let batch: Int
  /// Queries, keys and values as they come in.
  package let query: HeadView, key: HeadView, value: HeadView
  /// Entries that come from the past, and all entries that are attended to.
  package let past: Int, total: Int
  /// Whether operands have three dimensions.
  package let isFlat: Bool
  /// The mask's extents, with ones in front to make four, or nil.
  let mask: [Int]?

  /// The sizes of a node, once its operands fit.
  package init(_ facts: NodeFacts) throws(OperatorError) {
    let heads = try facts.int("q_num_heads", default: 0)
    let shared = try facts.int("kv_num_heads", default: 0)
    query = try HeadView(facts, 0, heads: heads)
    key = try HeadView(facts, 1, heads: shared)
    value = try HeadView(facts, 2, heads: shared)
    let shapes = (try facts.input(0).shape, try facts.input(1).shape, try facts.input(2).shape)
    isFlat = shapes.0.rank == 3
    batch = shapes.0[0]
    guard shapes.1.rank == shapes.0.rank, shapes.2.rank == shapes.0.rank, shapes.1[0] == batch,
      shapes.2[0] == batch, key.heads == value.heads, key.length == value.length,
      key.size == query.size, key.heads >= 1, query.heads % key.heads == 0
    else {
      throw .shapeMismatch("queries \(shapes.0), keys \(shapes.1), values \(shapes.2) do not fit")
    }
    let (pastKey, pastValue) = (facts.optionalInput(4)?.shape, facts.optionalInput(5)?.shape)
    var past = 0
    if pastKey != nil || pastValue != nil {
      guard let pastKey, let pastValue, pastKey.rank == 4, pastValue.rank == 4,
        pastKey == [batch, key.heads, pastKey[2], key.size],
        pastValue == [batch, value.heads, pastKey[2], value.size]
      else { throw .shapeMismatch("past keys and values do not fit the present ones") }
      past = pastKey[2]
    }
    self.past = past
    total = past &+ key.length
    if let lengths = facts.optionalInput(6)?.shape {
      guard lengths == [batch], past == 0, pastKey == nil else {
        throw .shapeMismatch("nonpad_kv_seqlen must be [\(batch)], and goes with no past")
      }
    }
    guard let mask = facts.optionalInput(3)?.shape else {
      self.mask = nil
      return
    }
    guard mask.rank >= 1, mask.rank <= 4 else {
      throw .rank(operand: "the mask", found: mask.rank, expected: "1 to 4")
    }
    let padded = [Int](repeating: 1, count: 4 - mask.rank) + mask.dimensions
    let full = [batch, query.heads, query.length]
    guard zip(padded, full).allSatisfy({ $0 == 1 || $0 == $1 }), padded[3] <= total else {
      throw .shapeMismatch("a mask \(mask) does not broadcast to \(Shape(full + [total]))")
    }
    self.mask = padded
  }

  /// The facts of all outputs that the node names.
  func results(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
    let type = try facts.input(0).type
    let results = [
      try facts.result(
        type,
        isFlat
          ? [batch, query.length, query.heads &* value.size]
          : [batch, query.heads, query.length, value.size]),
      try facts.result(type, [batch, key.heads, total, key.size]),
      try facts.result(type, [batch, value.heads, total, value.size]),
      try facts.result(type, [batch, query.heads, query.length, total]),
    ]
    return Array(results.prefix(max(1, facts.node.outputs.count)))
  }
}
