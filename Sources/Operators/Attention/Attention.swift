import Kernels
import ModelFormat

extension Operator {
  /// Attention: `softmax(scale · q · kᵀ + mask) · v` for each head.
  ///
  /// Inputs: queries, keys and values, [B, H, S, D] or [B, S, H·D]; a mask (booleans, or numbers that
  /// are added; what its last dimension lacks is masked); past keys and values [B, H, P, D]; the
  /// entries of each sample that are no padding (int64 [B]). Several heads of queries may share one of
  /// keys. Outputs: the result, all keys and values, and scores as `qk_matmul_output_mode` says: 0 the
  /// products, 1 behind `softcap`, 2 behind the mask, 3 behind the softmax. Attributes: `scale`,
  /// `softcap`, `is_causal`, `left_window_size`, `right_window_size`, `q_num_heads`, `kv_num_heads`.
  /// float32. A query that may attend to nothing gives zeros.
  static let attention = Operator(
    "Attention", since: 25, inputs: 3...7, outputs: 1...4,
    infer: { facts throws(OperatorError) in try AttentionSizes(facts).results(facts) },
    multiplyAccumulates: { facts in
      guard let sizes = try? AttentionSizes(facts) else { return 0 }
      return .saturatingProduct(
        sizes.batch, sizes.query.heads, sizes.query.length, sizes.total,
        sizes.query.size &+ sizes.value.size)
    },
    prepare: prepareAttention)
}

private func prepareAttention(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  for index in [0, 1, 2, 4, 5] {
    if let input = facts.optionalInput(index) {
      try facts.require(input, "input \(index)", among: [.float32])
    }
  }
  let sizes = try AttentionSizes(facts)
  let (keyHeads, sharedHeads) = (sizes.key, sizes.value)
  let result = try facts.output()
  let hasPast = facts.optionalInput(4) != nil
  // Keys and values are joined where there is a past, or where the node asks for them.
  let joinsKeys = hasPast || facts.wantsOutput(1)
  let joinsValues = hasPast || facts.wantsOutput(2)
  func ownBytes(_ joins: Bool, _ output: Int, _ view: HeadView) throws(OperatorError) -> Int {
    guard joins, !facts.wantsOutput(output) else { return 0 }
    let shape: Shape = [sizes.batch, view.heads, sizes.total, view.size]
    guard let count = shape.checkedCount else { throw .unsupported("keys \(shape)") }
    return (count * MemoryLayout<Float>.stride + 127) / 64 * 64
  }
  let keyBytes = try ownBytes(joinsKeys, 1, keyHeads)
  let valueBytes = try ownBytes(joinsValues, 2, sharedHeads)
  let keyOutput = facts.wantsOutput(1)
  let valueOutput = facts.wantsOutput(2)
  let kernel = result.count == 0 ? nil : try AttentionKernel(facts, sizes)
  return Execution(
    kernel: "attention_f32", scratchBytes: keyBytes + valueBytes + (kernel?.scratchBytes ?? 0)
  ) { operands in
    var key = UnsafePointer(operands.input(1, as: Float.self))
    var value = UnsafePointer(operands.input(2, as: Float.self))
    var (keyView, valueView) = (sizes.key, sizes.value)
    if joinsKeys {
      let to =
        keyOutput
        ? operands.output(1, as: Float.self) : operands.scratch.assumingMemoryBound(to: Float.self)
      join(operands, sizes, sizes.key, past: hasPast ? 4 : nil, present: 1, to)
      (key, keyView) = (
        UnsafePointer(to), HeadView(dense: keyView.heads, sizes.total, keyView.size)
      )
    }
    if joinsValues {
      let to =
        valueOutput
        ? operands.output(2, as: Float.self)
        : (operands.scratch + keyBytes).assumingMemoryBound(to: Float.self)
      join(operands, sizes, sizes.value, past: hasPast ? 5 : nil, present: 2, to)
      (value, valueView) = (
        UnsafePointer(to), HeadView(dense: valueView.heads, sizes.total, valueView.size)
      )
    }
    kernel?.run(
      operands, key: key, keyView, value: value, valueView,
      scratch: operands.scratch + (keyBytes + valueBytes))
  }
}

/// Writes past and present entries of each head behind one another.
private func join(
  _ operands: Operands, _ sizes: AttentionSizes, _ view: HeadView, past: Int?, present: Int,
  _ to: UnsafeMutablePointer<Float>
) {
  let from = operands.input(present, as: Float.self)
  let old = sizes.past * view.size
  for block in 0..<(sizes.batch * view.heads) {
    let target = to + block * sizes.total * view.size
    if let past {
      target.update(from: operands.input(past, as: Float.self) + block * old, count: old)
    }
    let source =
      from + block / view.heads * view.batchStride + block % view.heads * view.headStride
    for row in 0..<view.length {
      (target + old + row * view.size)
        .update(from: source + row * view.rowStride, count: view.size)
    }
  }
}
