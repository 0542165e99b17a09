import ModelFormat

extension ImportRule {
  /// ONNX Runtime's quantized operators of one input: `x, scale, zero point, scale, zero point`, the
  /// last two being those of the result.
  ///
  ///     QLinearSigmoid      becomes      DequantizeLinear -> Sigmoid -> QuantizeLinear
  ///
  /// So all quantized models come in one form. ONNX Runtime computes most of these operators in just
  /// this way.
  static func qLinear(
    _ op: String, attributes: @escaping @Sendable (inout NodeDraft) throws(ImportProblem) -> Void
  ) -> ImportRule {
    ImportRule { draft, builder throws(ImportProblem) in
      try attributes(&draft)
      let x = try draft.dequantized(0, "x", &builder)
      try draft.become(op, [x], scale: 3, &builder)
    }
  }

  /// The same for an operator with attributes of the same meaning.
  static func qLinear(_ op: String) -> ImportRule {
    qLinear(op) { _ throws(ImportProblem) in }
  }

  /// QLinearAveragePool and QLinearGlobalAveragePool: images may not lie with channels last.
  static func qLinearPool(_ op: String) -> ImportRule {
    qLinear(op) { draft throws(ImportProblem) in
      guard try draft.int("channels_last") ?? 0 == 0 else {
        throw draft.unsupported("channels_last 1 is not supported")
      }
      draft.attributes["channels_last"] = nil
    }
  }

  /// QLinearSoftmax: `opset` says which meaning `axis` has.
  static let qLinearSoftmax = ImportRule { draft, builder throws(ImportProblem) in
    let version = try draft.int("opset") ?? 13
    draft.attributes["opset"] = nil
    let axis = try draft.int("axis") ?? -1
    guard version >= 13 || axis == -1 else {
      throw draft.unsupported("a QLinearSoftmax of opset \(version) over axis \(axis)")
    }
    let x = try draft.dequantized(0, "x", &builder)
    try draft.become("Softmax", [x], scale: 3, &builder)
  }

  /// QLinearAdd and QLinearMul: `a, scale, zero point, b, scale, zero point, scale, zero point`.
  static func qLinearPair(_ op: String) -> ImportRule {
    ImportRule { draft, builder throws(ImportProblem) in
      let a = try draft.dequantized(0, "a", &builder)
      let b = try draft.dequantized(3, "b", &builder)
      try draft.become(op, [a, b], scale: 6, &builder)
    }
  }

  /// QLinearConcat: scale and zero point of the result, then value, scale and zero point of each input.
  static let qLinearConcat = ImportRule { draft, builder throws(ImportProblem) in
    guard draft.inputs.count >= 5, draft.inputs.count % 3 == 2 else {
      throw draft.invalid(
        "has \(draft.inputs.count) inputs, but takes two and three for each value")
    }
    var parts: [ValueID?] = []
    for index in stride(from: 2, to: draft.inputs.count, by: 3) {
      parts.append(try draft.dequantized(index, "part\(index / 3)", &builder))
    }
    try draft.become("Concat", parts, scale: 0, &builder)
  }
}

extension NodeDraft {
  /// The real numbers that input `index` stands for, by the scale and zero point behind it.
  fileprivate func dequantized(
    _ index: Int, _ name: String, _ builder: inout GraphBuilder
  ) throws(ImportProblem) -> ValueID {
    guard let value = input(index), let scale = input(index + 1) else {
      throw invalid("input \(index) or its scale is missing")
    }
    return builder.node(
      "DequantizeLinear", before: self, [value, scale, input(index + 2)], name + ".real")
  }

  /// Adds `op` on `inputs` with this node's attributes, and makes this node quantize the result, with
  /// the scale at input `scale` and the zero point behind it; without one it gives uint8.
  fileprivate mutating func become(
    _ op: String, _ inputs: [ValueID?], scale: Int, _ builder: inout GraphBuilder
  ) throws(ImportProblem) {
    guard let resultScale = input(scale) else {
      throw invalid("the scale of the result is missing")
    }
    let zero = input(scale + 1)
    let real = builder.node(op, before: self, inputs, "real", try plainAttributes())
    self.op = "QuantizeLinear"
    self.inputs = [real, resultScale, zero]
    attributes = [:]
  }
}
