import ModelFormat

extension ImportRule {
  /// `com.microsoft` MultiHeadAttention: an Attention whose heads all have keys of their own; the bias
  /// of queries, keys and values is added before.
  static let multiHeadAttention = ImportRule { draft, builder throws(ImportProblem) in
    let heads = try draft.headCount()
    guard draft.input(1) != nil, draft.input(2) != nil else {
      throw draft.unsupported("packed queries, keys and values are not supported")
    }
    guard draft.input(4) == nil else {
      throw draft.unsupported("key_padding_mask is not supported (attention_bias is)")
    }
    guard draft.inputs.dropFirst(8).allSatisfy({ $0 == nil }) else {
      throw draft.unsupported("a cache of fixed size is not supported")
    }
    if let bias = draft.input(3) {
      guard let shape = builder.graph[bias].shape, shape.rank == 1, shape[0] % 3 == 0 else {
        throw draft.unsupported("a bias of unknown or uneven size is not supported")
      }
      let size = Int64(shape[0] / 3)
      for (index, name) in ["query", "key", "value"].enumerated() {
        let part = builder.slice(
          bias, axis: 0, Int64(index) * size, size, of: draft, "\(name)_bias")
        let sum = builder.intermediate(draft, name)
        builder.add("Add", before: draft, inputs: [draft.input(index), part], output: sum)
        draft.inputs[index] = sum
      }
    }
    draft.inputs = [0, 1, 2, 5, 6, 7].map { draft.input($0) }
    try draft.becomeAttention(heads: heads)
  }

  /// `com.microsoft` Attention: queries, keys and values are products of one input.
  static let packedAttention = ImportRule { draft, builder throws(ImportProblem) in
    let heads = try draft.headCount()
    for (index, name) in [(4, "past"), (6, "past_sequence_length")]
    where draft.input(index) != nil {
      throw draft.unsupported("\(name) is not supported")
    }
    if let rotary = try draft.int("do_rotary"), rotary != 0 {
      throw draft.unsupported("do_rotary is not supported (RotaryEmbedding is)")
    }
    guard draft.outputs.dropFirst().allSatisfy({ $0 == nil }) else {
      throw draft.unsupported("the output 'present' is in use")
    }
    guard let weights = draft.input(1), let shape = builder.graph[weights].shape, shape.rank == 2
    else { throw draft.unsupported("weights of unknown size are not supported") }
    let third = Int64(shape[1] / 3)
    let sizes = try draft.ints("qkv_hidden_sizes") ?? [third, third, third]
    guard sizes.count == 3, sizes.allSatisfy({ $0 >= 1 && $0 <= Int64(shape[1]) }),
      sizes.reduce(0, +) == Int64(shape[1])
    else { throw draft.invalid("attribute 'qkv_hidden_sizes' does not fit the weights") }
    var packed = builder.intermediate(draft, "product")
    builder.add("MatMul", before: draft, inputs: [draft.input(0), weights], output: packed)
    if let bias = draft.input(2) {
      let sum = builder.intermediate(draft, "packed")
      builder.add("Add", before: draft, inputs: [packed, bias], output: sum)
      packed = sum
    }
    var inputs: [ValueID?] = []
    var start: Int64 = 0
    for (size, name) in zip(sizes, ["query", "key", "value"]) {
      inputs.append(builder.slice(packed, axis: -1, start, size, of: draft, name))
      start += size
    }
    var mask = draft.input(5)
    if let raw = draft.input(3) {
      guard mask == nil, builder.graph[raw].shape?.rank == 2 else {
        throw draft.unsupported("a mask other than [batch, length] is not supported")
      }
      mask = builder.booleanMask(raw, draft)
    }
    draft.inputs = inputs + [mask]
    draft.attributes["qkv_hidden_sizes"] = nil
    draft.attributes["do_rotary"] = nil
    try draft.becomeAttention(heads: heads)
  }

  /// `com.microsoft` RotaryEmbedding: the positions come second.
  static let rotaryEmbedding = ImportRule { draft, _ throws(ImportProblem) in
    if let scale = try draft.float("scale"), scale != 1 {
      throw draft.unsupported("scale \(scale) is not supported (1 is)")
    }
    if let packs = try draft.int("is_packed_batching"), packs != 0 {
      throw draft.unsupported("packed batches are not supported")
    }
    draft.attributes["scale"] = nil
    draft.attributes["is_packed_batching"] = nil
    draft.inputs = [0, 2, 3, 1].map { draft.input($0) }
  }
}

extension NodeDraft {
  /// The attribute `num_heads`.
  fileprivate func headCount() throws(ImportProblem) -> Int64 {
    guard let heads = try int("num_heads"), heads >= 1 else {
      throw invalid("attribute 'num_heads' is missing or not positive")
    }
    return heads
  }

  /// Makes the node ONNX's Attention, whose inputs it has.
  fileprivate mutating func becomeAttention(heads: Int64) throws(ImportProblem) {
    let isCausal = try int("unidirectional") ?? 0
    let scale = try float("scale") ?? 0
    for key in ["num_heads", "unidirectional", "scale", "mask_filter_value"] {
      attributes[key] = nil
    }
    op = "Attention"
    attributes["q_num_heads"] = .int(heads)
    attributes["kv_num_heads"] = .int(heads)
    attributes["is_causal"] = .int(isCausal)
    if scale != 0 { attributes["scale"] = .float(scale) }
  }
}

extension GraphBuilder {
  /// Entries of `value` along `axis`, `count` from `start` on.
  fileprivate mutating func slice(
    _ value: ValueID, axis: Int64, _ start: Int64, _ count: Int64, of draft: NodeDraft,
    _ name: String
  ) -> ValueID {
    let result = intermediate(draft, name)
    let bounds = [
      constant(Tensor([start]), draft, "\(name)_start"),
      constant(Tensor([start + count]), draft, "\(name)_end"),
      constant(Tensor([axis]), draft, "\(name)_axis"),
    ]
    add("Slice", before: draft, inputs: [value] + bounds, output: result)
    return result
  }

  /// A mask [N, 1, 1, S] of booleans from numbers [N, S].
  fileprivate mutating func booleanMask(_ raw: ValueID, _ draft: NodeDraft) -> ValueID {
    let flags = intermediate(draft, "mask_flags")
    add(
      "Cast", before: draft, inputs: [raw], output: flags,
      attributes: ["to": .int(Int64(ElementType.bool.rawValue))])
    let mask = intermediate(draft, "mask")
    add(
      "Unsqueeze", before: draft,
      inputs: [flags, constant(Tensor([1, 2] as [Int64]), draft, "mask_axes")], output: mask)
    return mask
  }
}
