import ModelFormat

extension ImportRule {
  /// Split before opset 13: `split` was an attribute, and is an input now.
  ///
  /// Where neither says how large the parts are, there are as many equal ones as outputs.
  static let split = ImportRule { draft, builder throws(ImportProblem) in
    if let sizes = try draft.ints("split") {
      draft.attributes["split"] = nil
      draft.setInput(1, builder.constant(Tensor(sizes), draft, "split"))
    }
    if draft.input(1) == nil, draft.attributes["num_outputs"] == nil {
      draft.attributes["num_outputs"] = .int(Int64(draft.outputs.count))
    }
  }
}
