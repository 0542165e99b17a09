import ModelFormat

extension ImportRule {
  /// Squeeze, Unsqueeze and ReduceSum before opset 13, other reductions before 18: `axes` was an
  /// attribute, and is the second input now.
  static let axesInput = ImportRule { draft, builder throws(ImportProblem) in
    guard let axes = try draft.ints("axes"), draft.input(1) == nil else { return }
    draft.attributes["axes"] = nil
    draft.setInput(1, builder.constant(Tensor(axes), draft, "axes"))
  }

  /// Optional outputs that nobody reads are left out.
  static let dropsUnreadOutputs = ImportRule { draft, builder throws(ImportProblem) in
    draft.dropUnreadOutputs(builder)
  }
}

extension NodeDraft {
  /// Leaves out outputs behind the first that nobody reads.
  mutating func dropUnreadOutputs(_ builder: GraphBuilder) {
    for index in outputs.indices.dropFirst() {
      if let output = outputs[index], !builder.isRead(output) { outputs[index] = nil }
    }
    while outputs.count > 1, outputs[outputs.count - 1] == nil { outputs.removeLast() }
  }
}
