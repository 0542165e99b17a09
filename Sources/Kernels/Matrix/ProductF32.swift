/// A product of two float matrices neither of which is known beforehand.
///
/// `c[m][n] = sum over k of a[m][k] * b[k][n]`, row-major with leading dimensions. For constant
/// weights use ConvolutionF32, which packs them once.
public struct ProductF32: Sendable {
  /// Rows of c, columns of c, and products in each sum.
  public let m: Int, n: Int, k: Int
  /// Whether `a` is stored as [k][m], and `b` as [n][k].
  public let transposesA: Bool, transposesB: Bool
  /// Bytes of scratch that a run needs, aligned to 64.
  public let scratchBytes: Int

  private let kernel: Kernel<ProductFunctionF32>
  private let packedBytes: Int
  private let rowBytes: Int

  /// A product of the given sizes.
  public init(
    m: Int, n: Int, k: Int, transposesA: Bool = false, transposesB: Bool = false,
    isa: InstructionSet = .best
  ) {
    self.m = m
    self.n = n
    self.k = k
    self.transposesA = transposesA
    self.transposesB = transposesB
    kernel = ProductPlan.fastest(
      of: KernelTable.candidates(.igemmF32, upTo: isa, reference: productReferenceF32),
      pixels: m, columns: n, otherwise: productReferenceF32)
    // Panels of b, then zeros as a bias; then, for each part, addresses and rows of a.
    packedBytes = (roundedUp(n, to: 16) * (k + 1)) * 4
    let addresses = roundedUp(kernel.rows * MemoryLayout<Int>.size, to: 64)
    rowBytes = addresses + (transposesA ? roundedUp(kernel.rows * k * 4, to: 64) : 0)
    scratchBytes = roundedUp(packedBytes, to: 64) + rowBytes * ThreadPool.maximumThreads
  }

  /// Computes c, whose rows are `ldc` floats apart, from a and b with rows `lda` and `ldb` apart.
  public func run(
    a: UnsafePointer<Float>, lda: Int, b: UnsafePointer<Float>, ldb: Int,
    c: UnsafeMutablePointer<Float>, ldc: Int, scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    guard m > 0, n > 0 else { return }
    let panels = (n + 15) / 16
    let packed = scratch.assumingMemoryBound(to: Float.self)
    let bias = packed + panels * 16 * k
    bias.update(repeating: 0, count: panels * 16)
    pool.share(panels) { _, range in
      for panel in range { pack(panel, of: b, ldb, to: packed + panel * 16 * k) }
    }
    let slots = scratch + roundedUp(packedBytes, to: 64)
    let tiles = (m + kernel.rows - 1) / kernel.rows
    let columnTiles = (n + kernel.columns - 1) / kernel.columns
    pool.share(tiles * columnTiles) { part, range in
      let slot = slots + part * rowBytes
      var ready = -1
      for unit in range {
        // Tiles of columns follow one another, so that rows of a are prepared once.
        let rows = unit / columnTiles * m / tiles..<(unit / columnTiles + 1) * m / tiles
        let column = unit % columnTiles * kernel.columns
        if ready != unit / columnTiles {
          address(rows, of: a, lda, slot)
          ready = unit / columnTiles
        }
        kernel.function(
          rows.count, min(kernel.columns, n - column), 1, k,
          slot.assumingMemoryBound(to: UnsafePointer<Float>?.self), packed + column * k, 16 * k,
          bias + column, nil, c + rows.lowerBound * ldc + column, ldc, -.infinity, .infinity)
      }
    }
  }

  /// Writes the addresses of rows of a, transposed into the slot first if need be.
  private func address(
    _ rows: Range<Int>, of a: UnsafePointer<Float>, _ lda: Int, _ slot: UnsafeMutableRawPointer
  ) {
    let out = slot.assumingMemoryBound(to: UnsafePointer<Float>?.self)
    guard transposesA else {
      for i in 0..<rows.count { out[i] = a + (rows.lowerBound + i) * lda }
      return
    }
    let addresses = roundedUp(kernel.rows * MemoryLayout<Int>.size, to: 64)
    let copy = (slot + addresses).assumingMemoryBound(to: Float.self)
    for i in 0..<rows.count {
      for element in 0..<k { copy[i * k + element] = a[element * lda + rows.lowerBound + i] }
      out[i] = UnsafePointer(copy + i * k)
    }
  }

  /// Copies 16 columns of b to a panel [k][16], with zeros past the last.
  private func pack(
    _ panel: Int, of b: UnsafePointer<Float>, _ ldb: Int, to out: UnsafeMutablePointer<Float>
  ) {
    let first = panel * 16
    let columns = min(16, n - first)
    for element in 0..<k {
      let row = out + element * 16
      for j in 0..<columns {
        row[j] = transposesB ? b[(first + j) * ldb + element] : b[element * ldb + first + j]
      }
      for j in columns..<16 { row[j] = 0 }
    }
  }
}
