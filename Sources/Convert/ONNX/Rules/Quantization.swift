import ModelFormat

extension ImportRule {
  /// QuantizeLinear and DequantizeLinear 10 to 28: one scale, one for each index of `axis`, or one for
  /// each block along it.
  ///
  /// Integers of two or four bits are held in a byte each; QuantizeLinear keeps to their range.
  static let quantization = ImportRule { draft, builder throws(ImportProblem) in
    var packed = draft.input(2).flatMap { builder.packedType($0) }
    if let number = try draft.int("output_dtype"), number != 0 {
      guard let type = FileType(onnx: number) else {
        throw draft.unsupported("the output type \(ElementType.onnxName(number)) is not supported")
      }
      packed = packed ?? type.packed
      draft.attributes["output_dtype"] = .int(Int64(type.element.logical.rawValue))
    } else {
      draft.attributes["output_dtype"] = nil
    }
    if let packed, draft.op == "QuantizeLinear" {
      draft.attributes["bits"] = .int(Int64(packed.bits))
    }
    if try draft.int("block_size") == 0 { draft.attributes["block_size"] = nil }
    // These concern float8 and the precision of a division.
    for key in ["saturate", "precision"] { draft.attributes[key] = nil }
  }
}
