import ModelFormat

extension ImportRule {
  /// MatMulNBits: the packed weights stay as they are.
  static let matMulNBits = ImportRule { draft, _ throws(ImportProblem) in
    guard draft.input(4) == nil else {
      throw draft.unsupported("g_idx (weights in another order than their scales) is not supported")
    }
    guard try draft.int("weight_prepacked") ?? 0 == 0 else {
      throw draft.unsupported("weights that are packed for one machine are not supported")
    }
    draft.op = "com.microsoft.MatMulNBits"
    // How exactly ONNX Runtime computes: here always in float32.
    for key in ["accuracy_level", "weight_prepacked"] { draft.attributes[key] = nil }
    // The bias follows the weights' inputs directly.
    let bias = draft.input(5)
    draft.inputs = Array(draft.inputs.prefix(4))
    if let bias { draft.setInput(4, bias) }
  }
}
