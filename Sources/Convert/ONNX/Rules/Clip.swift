import ModelFormat

extension ImportRule {
  /// Clip before opset 11: `min` and `max` were attributes, and are inputs now.
  static let clip = ImportRule { draft, builder throws(ImportProblem) in
    for (index, key) in ["min", "max"].enumerated() {
      guard let bound = try draft.float(key) else { continue }
      draft.attributes[key] = nil
      if draft.input(index + 1) == nil {
        draft.setInput(index + 1, builder.constant(Tensor([bound], shape: []), draft, key))
      }
    }
  }
}
