import ModelFormat

extension Operator {
  /// ArgMin: the index of the least element along an axis, as int64.
  ///
  /// Attributes: `axis` (0), `keepdims` (1), and `select_last_index` (0): which of equals counts.
  static let argMin = Operator(
    "ArgMin", since: 13, inputs: 1...1, layout: .follow, infer: inferArgument,
    prepare: { facts throws(OperatorError) in try facts.argument("argmin", isGreatest: false) })
}
