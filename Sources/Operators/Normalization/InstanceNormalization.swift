import ModelFormat

extension Operator {
  /// InstanceNormalization: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, mean and
  /// variance being those of one channel of one item.
  ///
  /// Inputs: x (N, C, ...), and scale and bias of C elements. Attribute: `epsilon` (1e-5).
  static let instanceNormalization = Operator(
    "InstanceNormalization", since: 22, inputs: 3...3,
    infer: { facts throws(OperatorError) in
      try facts.inferGrouped(groups: nil)
    },
    prepare: { facts throws(OperatorError) in
      try facts.groupNormalization("instancenorm", groups: try facts.input(0).shape[1])
    })
}
