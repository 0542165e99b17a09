import ModelFormat

extension ImportRule {
  /// GroupNormalization before opset 21 has a scale and a bias for each group, since then for each
  /// channel.
  ///
  /// One for each group is an instance normalization with the groups as channels.
  static let groupNormalization = ImportRule { draft, builder throws(ImportProblem) in
    if builder.opset >= 21 { return }
    guard let groups = try draft.int("num_groups"), groups > 0 else {
      throw draft.invalid("attribute 'num_groups' is missing or not positive")
    }
    let (x, scale, bias) = (draft.input(0), draft.input(1), draft.input(2))
    let shape = builder.intermediate(draft, "shape")
    builder.add("Shape", before: draft, inputs: [x], output: shape)
    let grouped = builder.intermediate(draft, "grouped")
    let target = builder.constant(Tensor([0, groups, -1]), draft, "groups")
    builder.add("Reshape", before: draft, inputs: [x, target], output: grouped)
    let normalized = builder.intermediate(draft, "normalized")
    builder.add(
      "InstanceNormalization", before: draft, inputs: [grouped, scale, bias], output: normalized,
      attributes: ["epsilon": .float(try draft.float("epsilon") ?? 1e-5)])
    draft.op = "Reshape"
    draft.inputs = [normalized, shape]
    draft.attributes = [:]
  }
}
