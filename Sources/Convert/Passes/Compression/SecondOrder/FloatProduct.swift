import Kernels

/// Products of float32 matrices of changing sizes, with memory that is kept between them.
final class FloatProduct {
  let pool: ThreadPool
  private var scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 64)

  init(_ pool: ThreadPool) { self.pool = pool }

  deinit { scratch.deallocate() }

  /// One operand: row-major, its rows `leading` floats apart.
  struct Operand {
    let start: UnsafePointer<Float>
    let leading: Int
    /// Whether it is stored as its transpose.
    var isTransposed = false
  }

  /// Writes `a` [m][k] times `b` [k][n] to `c`, whose rows are `leading` floats apart.
  func multiply(
    m: Int, n: Int, k: Int, _ a: Operand, _ b: Operand, to c: UnsafeMutablePointer<Float>,
    leading: Int
  ) {
    let product = ProductF32(
      m: m, n: n, k: k, transposesA: a.isTransposed, transposesB: b.isTransposed)
    let bytes = product.scratch.bytes(threads: pool.threads)
    if scratch.count < bytes {
      scratch.deallocate()
      scratch = .allocate(byteCount: bytes, alignment: 64)
    }
    guard let memory = scratch.baseAddress else { return }
    product.run(
      a: a.start, lda: a.leading, b: b.start, ldb: b.leading, c: c, ldc: leading,
      scratch: memory, pool: pool)
  }
}
