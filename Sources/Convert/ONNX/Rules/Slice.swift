import ModelFormat

extension ImportRule {
  /// Slice before opset 10: `starts`, `ends` and `axes` were attributes, and are inputs now.
  static let slice = ImportRule { draft, builder throws(ImportProblem) in
    guard draft.input(1) == nil else { return }
    guard let starts = try draft.ints("starts"), let ends = try draft.ints("ends") else {
      throw draft.invalid("has no starts or no ends")
    }
    let axes = try draft.ints("axes")
    for key in ["starts", "ends", "axes"] { draft.attributes[key] = nil }
    draft.setInput(1, builder.constant(Tensor(starts), draft, "starts"))
    draft.setInput(2, builder.constant(Tensor(ends), draft, "ends"))
    if let axes { draft.setInput(3, builder.constant(Tensor(axes), draft, "axes")) }
  }
}
