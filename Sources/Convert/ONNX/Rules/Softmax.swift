import ModelFormat

extension ImportRule {
  /// Softmax and LogSoftmax before opset 13 run over all dimensions from `axis` (by default 1) on
  /// together, since then over `axis` (by default -1) alone.
  ///
  /// The two agree on the last axis. For others the tensor is flattened before and reshaped after,
  /// which is right for every rank; a later pass removes what turns out to be needless.
  static let softmax = ImportRule { draft, builder throws(ImportProblem) in
    let newest = builder.opset >= 13
    let axis = try draft.int("axis") ?? (newest ? -1 : 1)
    draft.attributes["axis"] = .int(axis)
    if newest || axis == -1 { return }
    let x = draft.input(0)
    if let rank = x.flatMap({ builder.graph[$0].shape?.rank }), axis == Int64(rank - 1) { return }
    let shape = builder.intermediate(draft, "shape")
    builder.add("Shape", before: draft, inputs: [x], output: shape)
    let flat = builder.intermediate(draft, "flat")
    builder.add(
      "Flatten", before: draft, inputs: [x], output: flat, attributes: ["axis": .int(axis)])
    let result = builder.intermediate(draft, "rows")
    builder.add(
      draft.op, before: draft, inputs: [flat], output: result, attributes: ["axis": .int(1)])
    draft.op = "Reshape"
    draft.inputs = [result, shape]
    draft.attributes = [:]
  }
}
