import ModelFormat

extension ImportRule {
  /// EyeLike: half precision is stored, not computed.
  static let eyeLike = ImportRule { draft, _ throws(ImportProblem) in
    guard let number = try draft.int("dtype") else { return }
    guard let type = ElementType(onnx: number) else {
      throw draft.unsupported("the type \(ElementType.onnxName(number)) is not supported")
    }
    draft.attributes["dtype"] = .int(Int64(type.logical.rawValue))
  }
}
