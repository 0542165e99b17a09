/// How a node of some opset becomes a node in the newest form of its operator.
struct ImportRule: Sendable {
  /// Changes the draft, and may add nodes and constants before it.
  let apply: @Sendable (inout NodeDraft, inout GraphBuilder) throws(ImportProblem) -> Void

  /// A rule that does `apply`.
  init(
    _ apply:
      @escaping @Sendable (
        inout NodeDraft, inout GraphBuilder
      ) throws(ImportProblem) -> Void
  ) {
    self.apply = apply
  }

  /// The node is as it should be.
  static let same = ImportRule { _, _ in }

  /// The operator has another name now.
  static func rename(_ op: String) -> ImportRule {
    ImportRule { draft, _ in draft.op = op }
  }
}
