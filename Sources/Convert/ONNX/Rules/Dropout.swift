import ModelFormat

extension ImportRule {
  /// Dropout in inference: the identity.
  ///
  /// A mask or a training mode that may be on is refused.
  static let dropout = ImportRule { draft, builder throws(ImportProblem) in
    draft.dropUnreadOutputs(builder)
    guard draft.outputs.count == 1 else { throw draft.unsupported("the mask output is in use") }
    if let mode = draft.input(2) {
      guard let training = builder.graph[mode].constant?.integers(),
        training.allSatisfy({ $0 == 0 })
      else {
        throw draft.unsupported("training is not supported; export the model for inference")
      }
    }
    draft.op = "Identity"
    draft.inputs = Array(draft.inputs.prefix(1))
    draft.attributes = [:]
  }
}
