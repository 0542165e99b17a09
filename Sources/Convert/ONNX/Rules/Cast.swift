import ModelFormat

extension ImportRule {
  /// Cast: half precision is stored, not computed, so a cast to it rounds and gives float32.
  static let cast = ImportRule { draft, builder throws(ImportProblem) in
    guard let number = try draft.int("to") else { throw draft.invalid("attribute 'to' is missing") }
    guard let type = ElementType(onnx: number) else {
      throw draft.unsupported("a cast to \(ElementType.onnxName(number)) is not supported")
    }
    draft.attributes["to"] = .int(Int64(type.logical.rawValue))
    draft.round(to: type, &builder)
  }

  /// CastLike: where the second input is known to be of half precision, numbers are rounded to it.
  static let castLike = ImportRule { draft, builder throws(ImportProblem) in
    guard let like = draft.input(1) else { throw draft.invalid("has no second input") }
    if let packed = builder.packedType(like) {
      throw draft.unsupported("a cast to \(packed) is not supported")
    }
    draft.round(to: builder.storedType(like), &builder)
  }
}

extension NodeDraft {
  /// Makes the node round to `type` where that is narrower than what it computes in.
  fileprivate mutating func round(to type: ElementType, _ builder: inout GraphBuilder) {
    // These concern float8 alone.
    for key in ["saturate", "round_mode"] { attributes[key] = nil }
    guard type != type.logical else { return }
    attributes["rounding"] = .string(type.name)
    if let output = outputs.first ?? nil { builder.setStoredType(output, type) }
  }
}
