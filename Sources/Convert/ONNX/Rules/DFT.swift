import ModelFormat

extension ImportRule {
  /// DFT 17: `axis` was an attribute, 1 by default, and is the third input now.
  static let dft = ImportRule { draft, builder throws(ImportProblem) in
    guard builder.opset < 20 else { return }
    let axis = try draft.int("axis") ?? 1
    draft.attributes["axis"] = nil
    draft.setInput(2, builder.constant(Tensor([axis], shape: []), draft, "axis"))
  }
}
