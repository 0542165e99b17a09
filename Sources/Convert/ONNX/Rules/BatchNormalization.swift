import ModelFormat

extension ImportRule {
  /// BatchNormalization 1 to 15: one mean for each channel; before opset 14 inference alone.
  static let batchNormalization = ImportRule { draft, builder throws(ImportProblem) in
    let isTraining = builder.opset >= 14 ? try draft.int("training_mode") ?? 0 : 0
    if let spatial = try draft.int("spatial"), spatial == 0 {
      throw draft.unsupported("spatial 0 is not supported (1 is)")
    }
    // Before opset 14, asking for the outputs of training is what turns training on.
    if builder.opset >= 14 { draft.dropUnreadOutputs(builder) }
    while draft.outputs.count > 1, draft.outputs.last == .some(nil) { draft.outputs.removeLast() }
    guard draft.outputs.count == 1 || isTraining != 0 else {
      throw draft.unsupported("it has the outputs of training; export the model for inference")
    }
    for key in ["spatial", "is_test"] { draft.attributes[key] = nil }
    if isTraining == 0 { for key in ["training_mode", "momentum"] { draft.attributes[key] = nil } }
  }
}
