extension VectorKernels {
  /// Computes y[i] = operation(x[i]) for `count` elements.
  public func apply(
    _ operation: UnaryOperation, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let code = operation.code
    unary.function(code.number, count, x, y, code.p, code.q)
  }

  /// Computes y[i] = clamp(a[i] operation b[i]) for `count` elements.
  public func apply(
    _ operation: BinaryOperation, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    to y: UnsafeMutablePointer<Float>, count: Int,
    clamp: (min: Float, max: Float) = (-.infinity, .infinity)
  ) {
    binary.function(operation.rawValue, count, a, b, 1, y, clamp.min, clamp.max)
  }

  /// Computes y[i] = clamp(a[i] operation b) for `count` elements.
  public func apply(
    _ operation: BinaryOperation, _ a: UnsafePointer<Float>, scalar b: Float,
    to y: UnsafeMutablePointer<Float>, count: Int,
    clamp: (min: Float, max: Float) = (-.infinity, .infinity)
  ) {
    withUnsafePointer(to: b) {
      binary.function(operation.rawValue, count, a, $0, 0, y, clamp.min, clamp.max)
    }
  }

  /// Computes y[r][c] = clamp(a[r][c] operation b[c]): one row broadcast over `rows` pixels.
  public func apply(
    _ operation: BinaryOperation, _ a: UnsafePointer<Float>, row b: UnsafePointer<Float>,
    to y: UnsafeMutablePointer<Float>, rows: Int, channels: Int,
    clamp: (min: Float, max: Float) = (-.infinity, .infinity)
  ) {
    for row in 0..<rows {
      let at = row * channels
      binary.function(operation.rawValue, channels, a + at, b, 1, y + at, clamp.min, clamp.max)
    }
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
    for row in 0..<rows { softmaxer.function(columns, x + row * columns, y + row * columns) }
  }
}
