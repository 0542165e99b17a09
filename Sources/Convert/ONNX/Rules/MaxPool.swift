import ModelFormat

extension ImportRule {
  /// MaxPool: `storage_order` says how indices are counted and means nothing without them.
  static let maxPool = ImportRule { draft, builder throws(ImportProblem) in
    draft.dropUnreadOutputs(builder)
    if let order = try draft.int("storage_order"), order != 0, draft.outputs.count > 1 {
      throw draft.unsupported("storage_order 1 is not supported where the indices are in use")
    }
    draft.attributes["storage_order"] = nil
  }
}
