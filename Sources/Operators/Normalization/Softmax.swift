import ModelFormat

extension Operator {
  /// Softmax: `exp(x) / sum(exp(x))` along one axis.
  ///
  /// Attribute: `axis` (-1).
  static let softmax = Operator(
    "Softmax", since: 13, inputs: 1...1, layout: .follow,
    infer: inferSoftmax,
    prepare: { facts throws(OperatorError) in
      try facts.softmax("softmax", isLogarithmic: false)
    })
}
