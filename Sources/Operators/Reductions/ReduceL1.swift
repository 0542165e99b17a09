import ModelFormat

extension Operator {
  /// ReduceL1: the sum of magnitudes along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceL1 = Operator(
    "ReduceL1", since: 18, inputs: 1...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in try facts.reducing("reduce_l1", ReduceL1Function()) })
}

private struct ReduceL1Function: ReductionFunction {
  func start<T: ReducibleElement>(_: T.Type) -> T { T.zero }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T { T.sum(total, T.magnitude(x)) }
  @inline(__always)
  func merge<T: ReducibleElement>(_ a: T, _ b: T) -> T { T.sum(a, b) }
}
