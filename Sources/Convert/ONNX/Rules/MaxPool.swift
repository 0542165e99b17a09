import ModelFormat

extension ImportRule {
  /// MaxPool: `storage_order` says how indices are counted and means nothing without them.
  static let maxPool = ImportRule { draft, builder throws(ImportProblem) in
    draft.dropUnreadOutputs(builder)
    if draft.outputs.count == 1 { draft.attributes["storage_order"] = nil }
  }
}
