import ModelFormat

extension Operator {
  /// ArgMax: the index of the greatest element along an axis, as int64.
  ///
  /// Attributes: `axis` (0), `keepdims` (1), and `select_last_index` (0): which of equals counts.
  static let argMax = Operator(
    "ArgMax", since: 13, inputs: 1...1, layout: .follow, infer: inferArgument,
    prepare: { facts throws(OperatorError) in try facts.argument("argmax", isGreatest: true) })
}
