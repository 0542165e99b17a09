import ModelFormat

extension ImportRule {
  /// QuantizeLinear and DequantizeLinear 10 to 28: one scale, or one for each index of `axis`.
  static let quantization = ImportRule { draft, _ throws(ImportProblem) in
    if let block = try draft.int("block_size"), block != 0 {
      throw draft.unsupported(
        "blocks of \(block) elements are not supported (scales per tensor "
          + "and per channel are)")
    }
    if let number = try draft.int("output_dtype"), number != 0 {
      guard let type = ElementType(onnx: number) else {
        throw draft.unsupported("the output type \(ElementType.onnxName(number)) is not supported")
      }
      draft.attributes["output_dtype"] = .int(Int64(type.logical.rawValue))
    } else {
      draft.attributes["output_dtype"] = nil
    }
    // These concern float8 and the precision of a division.
    for key in ["block_size", "saturate", "precision"] { draft.attributes[key] = nil }
  }
}
