import ModelFormat

extension ImportRule {
  /// BiasGelu and FastGelu: the sum with an optional bias, then Gelu.
  static func biasedGelu(approximate: String) -> ImportRule {
    ImportRule { draft, builder throws(ImportProblem) in
      if let bias = draft.input(1) {
        let sum = builder.node("Add", before: draft, [draft.input(0), bias], "sum")
        draft.setInput(0, sum)
      }
      draft.op = "Gelu"
      draft.inputs = Array(draft.inputs.prefix(1))
      draft.attributes = ["approximate": .string(approximate)]
    }
  }

  /// QuickGelu: Swish with another default for `alpha`.
  static let quickGelu = ImportRule { draft, _ throws(ImportProblem) in
    draft.op = "Swish"
    draft.attributes = ["alpha": .float(try draft.float("alpha") ?? 1.702)]
  }
}
