extension Operator {
  /// A body that runs over the elements of sequences, and carries states from one to the next.
  ///
  /// Inputs: `carried` states, `num_scan_inputs` sequences, then what the body reads. Outputs: the last
  /// states, and what the iterations have made, stacked. The interpreter runs it.
  static let scan = Operator(
    "Scan", since: 24, inputs: 1...Int.max, outputs: 1...Int.max,
    infer: { _ throws(OperatorError) in throw .needsConstant(operand: "the sequence") },
    prepare: { _ throws(OperatorError) in throw .needsConstant(operand: "the sequence") })
}
