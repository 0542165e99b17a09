import ModelFormat

extension ImportRule {
  /// BatchNormalization 1 to 15: one output, running statistics, one mean for each channel.
  static let batchNormalization = ImportRule { draft, builder throws(ImportProblem) in
    if let training = try draft.int("training_mode"), training != 0 {
      throw draft.unsupported("training_mode 1 is not supported; export the model for inference")
    }
    if let spatial = try draft.int("spatial"), spatial == 0 {
      throw draft.unsupported("spatial 0 is not supported (1 is)")
    }
    // Before opset 14, asking for the outputs of training is what turns training on.
    if builder.opset >= 14 { draft.dropUnreadOutputs(builder) }
    while draft.outputs.count > 1, draft.outputs.last == .some(nil) { draft.outputs.removeLast() }
    guard draft.outputs.count == 1 else {
      throw draft.unsupported("it has the outputs of training; export the model for inference")
    }
    for key in ["training_mode", "spatial", "momentum", "is_test"] { draft.attributes[key] = nil }
  }
}
