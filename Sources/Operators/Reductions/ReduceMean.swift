import ModelFormat

extension Operator {
  /// ReduceMean: the mean along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceMean = Operator(
    "ReduceMean", since: 18, inputs: 1...2, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in
      if try facts.input(0).quantization != nil { return try facts.quantizedMean() }
      return try facts.reducing("reduce_mean", ReduceMeanFunction())
    })
}

private struct ReduceMeanFunction: ReductionFunction {
  func start<T: ReducibleElement>(_: T.Type) -> T { T.zero }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T { T.sum(total, x) }
  func finish<T: ReducibleElement>(_ total: T, _ count: Int) -> T {
    T.quotient(total, T(saturating: Double(count)))
  }
}
