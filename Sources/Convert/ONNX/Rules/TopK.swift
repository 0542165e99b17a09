import ModelFormat

extension ImportRule {
  /// TopK before opset 10: `k` was an attribute, and is an input now.
  static let topK = ImportRule { draft, builder throws(ImportProblem) in
    guard let k = try draft.int("k") else { return }
    draft.attributes["k"] = nil
    draft.setInput(1, builder.constant(Tensor([k]), draft, "k"))
  }
}
