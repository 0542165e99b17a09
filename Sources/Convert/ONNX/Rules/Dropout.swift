import ModelFormat

extension ImportRule {
  /// Dropout in inference: the identity, unless somebody reads the mask or says at run time whether to train.
  ///
  /// Before opset 12 the ratio was an attribute, which means nothing in inference.
  static let dropout = ImportRule { draft, builder throws(ImportProblem) in
    draft.dropUnreadOutputs(builder)
    for key in ["is_test", "ratio", "seed"] { draft.attributes[key] = nil }
    if let mode = draft.input(2) {
      let training = builder.graph[mode].constant?.integers()
      guard let training, training.allSatisfy({ $0 == 0 }) else { return }
      draft.inputs[2] = nil
    }
    guard draft.outputs.count == 1 else { return }
    draft.op = "Identity"
    draft.inputs = Array(draft.inputs.prefix(1))
    draft.attributes = [:]
  }
}
