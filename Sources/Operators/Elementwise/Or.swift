import ModelFormat

extension Operator {
  /// Or: whether either bool is true, with broadcasting.
  static let or = Operator(
    "Or", since: 7, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combiningBools("or") { (a, b) in a | b }
    })
}
