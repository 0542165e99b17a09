import ModelFormat

extension Operator {
  /// Xor: whether just one of two bools is true, with broadcasting.
  static let xor = Operator(
    "Xor", since: 7, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.comparisonOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combiningBools("xor") { (a, b) in a ^ b }
    })
}
