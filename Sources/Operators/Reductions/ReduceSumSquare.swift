import ModelFormat

extension Operator {
  /// ReduceSumSquare: the sum of squares along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceSumSquare = Operator(
    "ReduceSumSquare", since: 18, inputs: 1...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in
      try facts.reducing("reduce_sum_square", ReduceSumSquareFunction())
    })
}

/// The sum of squares.
struct ReduceSumSquareFunction: ReductionFunction {
  func start<T: ReducibleElement>(_: T.Type) -> T { T.zero }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T { T.sum(total, T.product(x, x)) }
  @inline(__always)
  func merge<T: ReducibleElement>(_ a: T, _ b: T) -> T { T.sum(a, b) }
}
