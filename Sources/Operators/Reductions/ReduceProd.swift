import ModelFormat

extension Operator {
  /// ReduceProd: the product along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceProd = Operator(
    "ReduceProd", since: 18, inputs: 1...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in
      try facts.reducing("reduce_prod", ReduceProdFunction())
    })
}

private struct ReduceProdFunction: ReductionFunction {
  func start<T: ReducibleElement>(_: T.Type) -> T { T.one }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T { T.product(total, x) }
}
