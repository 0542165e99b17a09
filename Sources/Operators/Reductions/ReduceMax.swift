import ModelFormat

extension Operator {
  /// ReduceMax: the greatest element (NaN where one is) along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceMax = Operator(
    "ReduceMax", since: 20, inputs: 1...2, layout: .follow,
    quantization: .passthrough,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in try facts.choosing("reduce_max", ReduceMaxFunction())
    })
}

/// The greatest of the elements.
struct ReduceMaxFunction: ReductionFunction {
  func start<T: ReducibleElement>(_: T.Type) -> T { T.lowest }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T { T.maximum(total, x) }
}
