import ModelFormat

extension Operator {
  /// ReduceMin: the least element (NaN where one is) along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceMin = Operator(
    "ReduceMin", since: 20, inputs: 1...2, layout: .follow,
    quantization: .passthrough,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in try facts.choosing("reduce_min", ReduceMinFunction())
    })
}

private struct ReduceMinFunction: ReductionFunction {
  func start<T: ReducibleElement>(_: T.Type) -> T { T.highest }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T { T.minimum(total, x) }
}
