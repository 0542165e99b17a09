import ModelFormat

extension ImportRule {
  /// SkipLayerNormalization: `input + skip + bias`, then LayerNormalization over the last dimension.
  static let skipLayerNormalization = ImportRule { draft, builder throws(ImportProblem) in
    let (scale, shift) = (draft.input(2), draft.input(3))
    let sum = draft.skipSum(bias: draft.input(4), &builder)
    draft.op = "LayerNormalization"
    draft.inputs = [sum, scale, shift]
    try draft.finishSkip(&builder)
  }

  /// SkipSimplifiedLayerNormalization: the same with RMSNormalization.
  static let skipSimplifiedLayerNormalization = ImportRule { draft, builder throws(ImportProblem) in
    let scale = draft.input(2)
    let sum = draft.skipSum(bias: draft.input(3), &builder)
    draft.op = "RMSNormalization"
    draft.inputs = [sum, scale]
    try draft.finishSkip(&builder)
  }

  /// SimplifiedLayerNormalization, as ONNX Runtime's optimizer writes it: RMSNormalization.
  static let simplifiedLayerNormalization = ImportRule { draft, builder throws(ImportProblem) in
    draft.dropUnreadOutputs(builder)
    guard draft.outputs.count == 1 else {
      throw draft.unsupported("its second output is in use; only the normalized values are given")
    }
    draft.op = "RMSNormalization"
  }
}

extension NodeDraft {
  /// Adds the sum of what is normalized; it is the fourth output too, where that is asked for.
  fileprivate func skipSum(bias: ValueID?, _ builder: inout GraphBuilder) -> ValueID {
    let given = outputs.count > 3 ? outputs[3] : nil
    let sum = given ?? builder.intermediate(self, "sum")
    var terms = [input(0), input(1)]
    if let bias { terms = [builder.node("Add", before: self, terms, "pair"), bias] }
    builder.add("Add", before: self, inputs: terms, output: sum)
    return sum
  }

  /// Leaves the normalized values as the only output; ONNX Runtime does not compute the statistics.
  fileprivate mutating func finishSkip(_ builder: inout GraphBuilder) throws(ImportProblem) {
    outputs = Array(outputs.prefix(3))
    dropUnreadOutputs(builder)
    guard outputs.count == 1 else {
      throw unsupported("the mean or the deviation is in use; only the normalized values are given")
    }
    attributes = ["epsilon": .float(try float("epsilon") ?? 1e-12)]
  }
}
