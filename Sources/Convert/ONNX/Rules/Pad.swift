import ModelFormat

extension ImportRule {
  /// Pad before opset 11: `pads` and `value` were attributes, and are inputs now.
  static let pad = ImportRule { draft, builder throws(ImportProblem) in
    guard draft.input(1) == nil else { return }
    guard let pads = try draft.ints("pads") else { throw draft.invalid("has no pads") }
    let value = try draft.float("value") ?? 0
    draft.attributes["pads"] = nil
    draft.attributes["value"] = nil
    draft.setInput(1, builder.constant(Tensor(pads), draft, "pads"))
    if value != 0 {
      draft.setInput(2, builder.constant(Tensor([value], shape: []), draft, "value"))
    }
  }
}
