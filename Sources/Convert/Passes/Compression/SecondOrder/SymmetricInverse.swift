import Kernels

/// The inverse of a symmetric positive definite matrix, by its triangular factor.
///
/// With Rᵀ·R = H it is R⁻¹·R⁻ᵀ, where R⁻¹ follows block by block of rows. Products are in float32, which keeps
/// the digits that the condition of H leaves: the triangular factor's condition is but the root of it.
struct SymmetricInverse {
  /// The inverse, n by n.
  private(set) var elements: [Float]

  private static let block = 96

  /// The inverse of `matrix`, [n][n], with `damping` added to its diagonal; nil where it is not positive
  /// definite.
  init?(_ matrix: [Float], n: Int, damping: Double, _ product: FloatProduct) {
    guard
      let cholesky = Cholesky(matrix.map { Double($0) }, n: n, damping: damping, product)
    else { return nil }
    let r = cholesky.factor
    var x = [Float](repeating: 0, count: n * n)
    var panel: [Float] = []
    var update: [Float] = []
    for start in stride(from: 0, to: n, by: Self.block) {
      let count = min(Self.block, n - start)
      let corner = Self.invertedCorner(r, n: n, start, count)
      for i in 0..<count {
        for j in 0...i { x[(start + i) * n + start + j] = Float(corner[i * count + j]) }
      }
      guard start > 0 else { continue }
      // −corner · R[rows][..<start] · X[..<start]: the left product first, which is narrow.
      panel = [Float](repeating: 0, count: count * start)
      for i in 0..<count {
        for j in 0...i {
          let factor = corner[i * count + j]
          for k in 0..<start {
            panel[i * start + k] -= Float(factor * r[(start + j) * n + k])
          }
        }
      }
      update = [Float](repeating: 0, count: count * start)
      panel.withUnsafeBufferPointer { panel in
        x.withUnsafeBufferPointer { x in
          update.withUnsafeMutableBufferPointer { update in
            guard let p = panel.baseAddress, let x = x.baseAddress, let u = update.baseAddress
            else { return }
            product.multiply(
              m: count, n: start, k: start, .init(start: p, leading: start),
              .init(start: x, leading: n), to: u, leading: start)
          }
        }
      }
      for i in 0..<count {
        for k in 0..<start { x[(start + i) * n + k] = update[i * start + k] }
      }
    }
    var inverse = [Float](repeating: 0, count: n * n)
    x.withUnsafeBufferPointer { x in
      inverse.withUnsafeMutableBufferPointer { inverse in
        guard let x = x.baseAddress, let c = inverse.baseAddress else { return }
        product.multiply(
          m: n, n: n, k: n, .init(start: x, leading: n),
          .init(start: x, leading: n, isTransposed: true), to: c, leading: n)
      }
    }
    elements = inverse
  }

  /// The inverse of the triangle of R at `start`, `count` rows, in double.
  private static func invertedCorner(
    _ r: [Double], n: Int, _ start: Int, _ count: Int
  ) -> [Double] {
    var inverse = [Double](repeating: 0, count: count * count)
    for j in 0..<count {
      inverse[j * count + j] = 1 / r[(start + j) * n + start + j]
      for i in (j + 1)..<max(j + 1, count) {
        var sum = 0.0
        for k in j..<i { sum += r[(start + i) * n + start + k] * inverse[k * count + j] }
        inverse[i * count + j] = -sum / r[(start + i) * n + start + i]
      }
    }
    return inverse
  }
}
