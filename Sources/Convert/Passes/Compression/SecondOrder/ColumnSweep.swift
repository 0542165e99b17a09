import Kernels

/// Rounds the weights of a layer column by column, each to what makes good for the columns before it.
///
/// Of all outputs, ‖(W − Q)·X‖² is kept small: with H = X·Xᵀ = Rᵀ·R it is ‖(W − Q)·Rᵀ‖², whose column k
/// reads the errors of columns 0 to k alone. So column k is rounded at
///
///     t = w[k] + Σ (w[j] − q[j]) · R[k][j] / R[k][k]      over j < k
///
/// which is the rounding of GPTQ (Frantar et al., 2023) and of the nearest plane (Babai, 1986), without the
/// inverse of H. Errors of whole blocks of columns are carried over by products in float32.
struct ColumnSweep {
  let cholesky: Cholesky
  let product: FloatProduct

  private static let block = 128

  /// Rounds `weights`, [rows][n], in real numbers.
  ///
  /// - Parameters:
  ///   - isKept: whether the weight at row and column stays, with the number at which it would be
  ///     rounded and its price: the square of that number times R[k][k]². Weights that go become zero,
  ///     and what that costs is made good by the columns behind. Nil keeps all.
  ///   - round: the real number that a weight of a row becomes.
  /// - Returns: the rounded weights.
  func sweep(
    _ weights: [Double], rows: Int,
    keeps isKept: ((_ row: Int, _ column: Int, _ price: Double) -> Bool)? = nil,
    _ round: (_ row: Int, _ weight: Double) -> Double
  ) -> [Double] {
    let n = cholesky.n
    var rounded = [Double](repeating: 0, count: rows * n)
    // What rounding left over in the columns that are done.
    var errors = [Float](repeating: 0, count: rows * n)
    var carried = [Float](repeating: 0, count: rows * Self.block)
    var factors: [Float] = []
    for start in stride(from: 0, to: n, by: Self.block) {
      let end = min(n, start + Self.block)
      if start > 0 {
        factors = (start..<end).flatMap { k in
          cholesky.factor[k * n..<k * n + start].map { Float($0) }
        }
        carry(errors, factors, start, end - start, rows, to: &carried)
      }
      rounded.withUnsafeMutableBufferPointer { rounded in
        errors.withUnsafeMutableBufferPointer { errors in
          cholesky.factor.withUnsafeBufferPointer { r in
            nonisolated(unsafe) let (rounded, errors, r) = (rounded, errors, r)
            withoutActuallyEscaping(round) { round in
              nonisolated(unsafe) let round = round
              nonisolated(unsafe) let isKept = isKept
              product.pool.share(rows) { _, range in
                for row in range {
                  for k in start..<end {
                    var sum = start > 0 ? Double(carried[row * Self.block + k - start]) : 0
                    for j in start..<k {
                      sum += Double(errors[row * n + j]) * r[k * n + j]
                    }
                    let pivot = r[k * n + k]
                    let target = weights[row * n + k] + sum / pivot
                    let price = target * target * pivot * pivot
                    let result = isKept?(row, k, price) ?? true ? round(row, target) : 0
                    rounded[row * n + k] = result
                    errors[row * n + k] = Float(weights[row * n + k] - result)
                  }
                }
              }
            }
          }
        }
      }
    }
    return rounded
  }

  /// Σ errors · R over the columns before `start`, for the columns of one block.
  private func carry(
    _ errors: [Float], _ factors: [Float], _ start: Int, _ columns: Int, _ rows: Int,
    to carried: inout [Float]
  ) {
    errors.withUnsafeBufferPointer { errors in
      factors.withUnsafeBufferPointer { factors in
        carried.withUnsafeMutableBufferPointer { carried in
          guard let e = errors.baseAddress, let f = factors.baseAddress,
            let c = carried.baseAddress
          else { return }
          product.multiply(
            m: rows, n: columns, k: start, .init(start: e, leading: cholesky.n),
            .init(start: f, leading: start, isTransposed: true), to: c, leading: Self.block)
        }
      }
    }
  }
}
