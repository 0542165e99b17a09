extension Operator {
  /// A body that runs until its condition is false or the trip count is reached.
  ///
  /// Inputs: trip count, condition, `carried` values, then what the body reads. Inputs of the body:
  /// iteration, condition, carried values, and the same. Outputs of the body: condition, carried values,
  /// and elements of the outputs that grow with each iteration. The interpreter runs it.
  static let loop = Operator(
    "Loop", since: 24, inputs: 2...Int.max, outputs: 1...Int.max,
    infer: { _ throws(OperatorError) in throw .needsConstant(operand: "the trip count") },
    prepare: { _ throws(OperatorError) in throw .needsConstant(operand: "the trip count") })
}
