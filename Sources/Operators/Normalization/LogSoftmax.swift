import ModelFormat

extension Operator {
  /// LogSoftmax: the logarithm of Softmax, `x - log(sum(exp(x)))` along one axis.
  ///
  /// Attribute: `axis` (-1).
  static let logSoftmax = Operator(
    "LogSoftmax", since: 13, inputs: 1...1, layout: .follow,
    infer: inferSoftmax,
    prepare: { facts throws(OperatorError) in
      try facts.softmax("log_softmax", isLogarithmic: true)
    })
}
