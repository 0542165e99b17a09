extension VectorKernels {
  /// Computes y[i] = operation(x[i]) for `count` elements.
  public func apply(
    _ operation: UnaryOperation, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let code = operation.code
    unary.function(code.number, count, x, y, code.p, code.q)
  }

  /// Computes y[r][i] = clamp(a[r][i] operation b[r][i]).
  ///
  /// Rows of `a` and `y` are `count` elements that lie behind each other. Those of `b` are `bRow`
  /// elements apart, 0 where all are one, and elements of a row `bStep`: 1, or 0 for one scalar.
  public func apply(
    _ operation: BinaryOperation, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    to y: UnsafeMutablePointer<Float>, rows: Int = 1, count: Int, bRow: Int = 0, bStep: Int = 1,
    clamp: (min: Float, max: Float) = (-.infinity, .infinity)
  ) {
    binary.function(
      operation.rawValue, rows, count, a, b, bRow, bStep, y, clamp.min, clamp.max)
  }

  /// Returns the least and the greatest of x[0 ..< count], leaving out what is not a number; infinity
  /// and minus infinity when nothing is left.
  public func minMax(_ x: UnsafePointer<Float>, count: Int) -> (min: Float, max: Float) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) { result in
      result[0] = .infinity
      result[1] = -.infinity
      extremes.function(count, x, result.baseAddress)
      return (result[0], result[1])
    }
  }

  /// Computes the softmax of each of `rows` rows of `columns` contiguous elements.
  public func softmax(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    softmaxer.function(rows, columns, x, y)
  }
}
