import ModelFormat

extension Operator {
  /// ReduceSum: the sum along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceSum = Operator(
    "ReduceSum", since: 13, inputs: 1...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in try facts.reducing("reduce_sum", ReduceSumFunction())
    })
}

/// The sum of the elements.
struct ReduceSumFunction: ReductionFunction {
  func start<T: ReducibleElement>(_: T.Type) -> T { T.zero }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T { T.sum(total, x) }
}
