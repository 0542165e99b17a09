import ModelFormat

extension ImportRule {
  /// SoftmaxCrossEntropyLoss: LogSoftmax over the classes, then NegativeLogLikelihoodLoss, as ONNX
  /// defines it.
  ///
  /// The second output is that of LogSoftmax.
  static let softmaxCrossEntropyLoss = ImportRule { draft, builder throws(ImportProblem) in
    let scores =
      draft.outputs.count > 1 ? draft.outputs[1] : nil
    let logarithms = scores ?? builder.intermediate(draft, "logarithms")
    builder.add(
      "LogSoftmax", before: draft, inputs: [draft.input(0)], output: logarithms,
      attributes: ["axis": .int(1)])
    draft.op = "NegativeLogLikelihoodLoss"
    draft.setInput(0, logarithms)
    draft.outputs = [draft.outputs[0]]
  }
}
