extension Operator {
  /// One of two bodies, by a condition of one bool: the first where it is true.
  ///
  /// Inputs: the condition, then what the bodies read. Which body runs is known only at run time, so
  /// that the interpreter runs it, not a kernel; a constant condition is folded before.
  static let `if` = Operator(
    "If", since: 24, inputs: 1...Int.max, outputs: 1...Int.max,
    infer: { _ throws(OperatorError) in throw .needsConstant(operand: "the condition") },
    prepare: { _ throws(OperatorError) in throw .needsConstant(operand: "the condition") })
}
