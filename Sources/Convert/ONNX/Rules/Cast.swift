import ModelFormat

extension ImportRule {
  /// Cast: half precision is stored, not computed, so a cast to it is one to float32.
  static let cast = ImportRule { draft, _ throws(ImportProblem) in
    guard let number = try draft.int("to") else { throw draft.invalid("attribute 'to' is missing") }
    guard let type = ElementType(onnx: number) else {
      throw draft.unsupported("a cast to \(ElementType.onnxName(number)) is not supported")
    }
    draft.attributes["to"] = .int(Int64(type.logical.rawValue))
    // These concern float8 alone.
    for key in ["saturate", "round_mode"] { draft.attributes[key] = nil }
  }
}
