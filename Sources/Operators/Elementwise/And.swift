import ModelFormat

extension Operator {
  /// And: whether both bools are true, with broadcasting.
  static let and = Operator(
    "And", since: 7, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combiningBools("and") { (a, b) in a & b }
    })
}
