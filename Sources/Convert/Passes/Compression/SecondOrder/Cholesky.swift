import Kernels

/// A lower triangular R with Rᵀ·R = H, for a symmetric positive definite H.
///
/// Row k says how errors in the inputs before k are felt when input k is rounded: least squares over the
/// inputs from k on, without an inverse. H is factored from its last row to its first, in blocks: what a
/// block takes from the rows before it is a product in float32, subtracted in double.
struct Cholesky {
  let n: Int
  /// Row-major; what is above the diagonal is zero.
  private(set) var factor: [Double]

  private static let block = 96

  /// Factors `matrix`, of which the lower half is read, with `damping` added to its diagonal; nil where it is
  /// not positive definite.
  init?(_ matrix: [Double], n: Int, damping: Double, _ product: FloatProduct) {
    self.n = n
    factor = matrix
    for i in 0..<n { factor[i * n + i] += damping }
    var panel: [Float] = []
    var update: [Float] = []
    var end = n
    while end > 0 {
      let start = max(0, end - Self.block)
      guard factorRows(start, end) else { return nil }
      if start > 0 { subtract(start, end, &panel, &update, product) }
      end = start
    }
    for i in 0..<n { for j in (i + 1)..<max(i + 1, n) { factor[i * n + j] = 0 } }
  }

  /// Factors the rows of one block, from which the rows behind it were subtracted.
  private mutating func factorRows(_ start: Int, _ end: Int) -> Bool {
    let n = n
    return factor.withUnsafeMutableBufferPointer { h in
      for k in (start..<end).reversed() {
        let pivot = h[k * n + k]
        guard pivot > 0, pivot.isFinite else { return false }
        let root = pivot.squareRoot()
        h[k * n + k] = root
        for j in 0..<k { h[k * n + j] /= root }
        for i in start..<max(start, k) {
          let weight = h[k * n + i]
          if weight == 0 { continue }
          for j in 0...i { h[i * n + j] -= weight * h[k * n + j] }
        }
      }
      return true
    }
  }

  /// Subtracts what the rows `start ..< end` explain from the rows before them.
  private mutating func subtract(
    _ start: Int, _ end: Int, _ panel: inout [Float], _ update: inout [Float],
    _ product: FloatProduct
  ) {
    let n = n
    let rows = end - start
    panel = [Float](repeating: 0, count: rows * start)
    for row in 0..<rows {
      for j in 0..<start { panel[row * start + j] = Float(factor[(start + row) * n + j]) }
    }
    if update.count < start * start { update = [Float](repeating: 0, count: start * start) }
    panel.withUnsafeBufferPointer { panel in
      update.withUnsafeMutableBufferPointer { update in
        guard let p = panel.baseAddress, let u = update.baseAddress else { return }
        product.multiply(
          m: start, n: start, k: rows, .init(start: p, leading: start, isTransposed: true),
          .init(start: p, leading: start), to: u, leading: start)
      }
    }
    factor.withUnsafeMutableBufferPointer { h in
      for i in 0..<start {
        for j in 0...i { h[i * n + j] -= Double(update[i * start + j]) }
      }
    }
  }

  /// Solves D · (Rᵀ·R) = `right` for the rows of `right`, [rows][n], in place.
  func solve(_ right: inout [Double], rows: Int, _ pool: ThreadPool) {
    let n = n
    right.withUnsafeMutableBufferPointer { right in
      factor.withUnsafeBufferPointer { r in
        guard let start = right.baseAddress, let r = r.baseAddress else { return }
        nonisolated(unsafe) let (first, factor) = (start, r)
        pool.share(rows) { _, range in
          for row in range { Self.solve(first + row * n, factor, n) }
        }
      }
    }
  }

  /// Solves for one row: Z · R = G from the last column, then D · Rᵀ = Z from the first.
  private static func solve(
    _ x: UnsafeMutablePointer<Double>, _ r: UnsafePointer<Double>, _ n: Int
  ) {
    for k in (0..<n).reversed() {
      let row = r + k * n
      let value = x[k] / row[k]
      x[k] = value
      for j in 0..<k { x[j] -= value * row[j] }
    }
    for k in 0..<n {
      let row = r + k * n
      var sum = SIMD8<Double>()
      var j = 0
      while j + 8 <= k {
        sum +=
          UnsafeRawPointer(x + j).loadUnaligned(as: SIMD8<Double>.self)
          * UnsafeRawPointer(row + j).loadUnaligned(as: SIMD8<Double>.self)
        j += 8
      }
      var value = x[k] - sum.sum()
      while j < k {
        value -= x[j] * row[j]
        j += 1
      }
      x[k] = value / row[k]
    }
  }
}
