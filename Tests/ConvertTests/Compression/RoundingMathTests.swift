import Interpreter
import Kernels
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// The algebra behind rounding that keeps outputs, against direct formulas in double.
@Suite struct RoundingMathTests {
  static var product: FloatProduct { FloatProduct(ThreadPool(threads: 2)) }

  /// X·Xᵀ of `columns` columns whose neighbours are alike, over their number.
  static func moments(_ n: Int, columns: Int, seed: UInt64) -> [Double] {
    var random = SeededGenerator(seed: seed)
    var sums = [Double](repeating: 0, count: n * n)
    for _ in 0..<columns {
      var x = random.uniform(n).map { Double($0) }
      for i in 1..<max(1, n) { x[i] = 0.7 * x[i - 1] + 0.5 * x[i] }
      for i in 0..<n { for j in 0..<n { sums[i * n + j] += x[i] * x[j] / Double(columns) } }
    }
    return sums
  }

  @Test(arguments: [1, 2, 7, 95, 96, 97, 200]) func factorsGiveTheMatrixBack(n: Int) throws {
    let matrix = Self.moments(n, columns: 2 * n + 3, seed: UInt64(n))
    let cholesky = try #require(Cholesky(matrix, n: n, damping: 0.01, Self.product))
    let r = cholesky.factor
    for i in 0..<n {
      for j in 0..<n {
        if j > i { #expect(r[i * n + j] == 0) }
        var sum = 0.0
        for k in 0..<n { sum += r[k * n + i] * r[k * n + j] }
        let wanted = matrix[i * n + j] + (i == j ? 0.01 : 0)
        #expect(abs(sum - wanted) < 1e-6, "\(i), \(j)")
      }
    }
  }

  @Test func whatIsNotPositiveDefiniteHasNoFactor() {
    #expect(Cholesky([1, 2, 2, 1], n: 2, damping: 0, Self.product) == nil)
    #expect(Cholesky([.nan], n: 1, damping: 0.1, Self.product) == nil)
    #expect(
      Cholesky([0], n: 1, damping: 0.5, Self.product)?.factor == [(0.5 as Double).squareRoot()])
  }

  @Test(arguments: [1, 6, 40, 130]) func solutionsFitTheirEquations(n: Int) throws {
    let matrix = Self.moments(n, columns: 3 * n, seed: 9)
    let cholesky = try #require(Cholesky(matrix, n: n, damping: 0.05, Self.product))
    var random = SeededGenerator(seed: 4)
    let right = random.uniform(3 * n).map { Double($0) }
    var solution = right
    cholesky.solve(&solution, rows: 3, Self.product.pool)
    for row in 0..<3 {
      for j in 0..<n {
        var sum = 0.05 * solution[row * n + j]
        for k in 0..<n { sum += solution[row * n + k] * matrix[k * n + j] }
        #expect(abs(sum - right[row * n + j]) < 1e-5)
      }
    }
  }

  /// Optimal Brain Quantization in a fixed order, as it was published: with the inverse of what is left of
  /// the matrix after each column.
  static func reference(_ weights: [Double], _ matrix: [Double], _ n: Int, step: Double) -> [Double]
  {
    var w = weights
    for k in 0..<n {
      let q = (w[k] / step).rounded(.toNearestOrEven) * step
      let inverse = inverse(of: matrix, n, from: k)
      let size = n - k
      let error = (w[k] - q) / inverse[0]
      for j in 1..<max(1, size) { w[k + j] -= error * inverse[j] }
      w[k] = q
    }
    return w
  }

  /// The inverse of the part of `matrix` behind `from`, by Gauss and Jordan.
  static func inverse(of matrix: [Double], _ n: Int, from: Int) -> [Double] {
    let size = n - from
    var a = (0..<size).map { i in (0..<size).map { matrix[(from + i) * n + from + $0] } }
    var b = (0..<size).map { i in (0..<size).map { $0 == i ? 1.0 : 0 } }
    for i in 0..<size {
      let pivot = a[i][i]
      for j in 0..<size {
        a[i][j] /= pivot
        b[i][j] /= pivot
      }
      for row in 0..<size where row != i {
        let factor = a[row][i]
        for j in 0..<size {
          a[row][j] -= factor * a[i][j]
          b[row][j] -= factor * b[i][j]
        }
      }
    }
    return b.flatMap { $0 }
  }

  @Test(arguments: [1, 2, 9, 30]) func sweepsRoundAsTheInverseDoes(n: Int) throws {
    var matrix = Self.moments(n, columns: 4 * n, seed: 21)
    for i in 0..<n { matrix[i * n + i] += 0.01 }
    let cholesky = try #require(Cholesky(matrix, n: n, damping: 0, Self.product))
    var random = SeededGenerator(seed: 77)
    let rows = 5
    let weights = random.uniform(rows * n).map { Double($0) }
    let step = 0.2
    let rounded = ColumnSweep(cholesky: cholesky, product: Self.product).sweep(
      weights, rows: rows
    ) { _, weight in (weight / step).rounded(.toNearestOrEven) * step }
    for row in 0..<rows {
      let wanted = Self.reference(Array(weights[row * n..<(row + 1) * n]), matrix, n, step: step)
      for k in 0..<n { #expect(abs(rounded[row * n + k] - wanted[k]) < 1e-9, "\(row), \(k)") }
    }
  }

  static func loss(_ errors: [Double], _ matrix: [Double], _ n: Int) -> Double {
    var sum = 0.0
    for row in 0..<errors.count / n {
      for i in 0..<n {
        for j in 0..<n { sum += errors[row * n + i] * matrix[i * n + j] * errors[row * n + j] }
      }
    }
    return sum
  }

  /// Several blocks of columns, so that errors are carried from one to the next.
  @Test func sweepsKeepOutputsBetterThanTheNearestLevel() throws {
    let (n, rows, step) = (300, 4, 0.25)
    let matrix = Self.moments(n, columns: 700, seed: 3)
    let cholesky = try #require(Cholesky(matrix, n: n, damping: 1e-3, Self.product))
    var random = SeededGenerator(seed: 8)
    let weights = random.uniform(rows * n).map { Double($0) }
    func nearest(_ weight: Double) -> Double { (weight / step).rounded() * step }
    let sweep = ColumnSweep(cholesky: cholesky, product: Self.product)
    let rounded = sweep.sweep(weights, rows: rows) { nearest($1) }
    let plain = Self.loss(zip(weights, weights.map(nearest)).map { $0 - $1 }, matrix, n)
    let swept = Self.loss(zip(weights, rounded).map { $0 - $1 }, matrix, n)
    #expect(swept < 0.5 * plain)
    // Weights that go are made good as rounding is.
    let pruned = sweep.sweep(
      weights, rows: rows, keeps: { row, column, _ in (row + column) % 4 != 0 }
    ) { $1 }
    for (index, weight) in pruned.enumerated() where (index / n + index % n) % 4 == 0 {
      #expect(weight == 0)
    }
    let dropped = weights.indices.map { ($0 / n + $0 % n) % 4 == 0 ? weights[$0] : 0 }
    let repaired = Self.loss(zip(weights, pruned).map { $0 - $1 }, matrix, n)
    #expect(repaired < 0.5 * Self.loss(dropped, matrix, n))
  }

  @Test(arguments: [(1, 40), (3, 9), (1, 70)]) func momentsAreSums(groups: Int, n: Int) {
    var random = SeededGenerator(seed: 12)
    var moments = Moments(groups: groups, n: n, hasDense: true)
    var (products, cross) = ([Double](repeating: 0, count: groups * n * n), [Double]())
    cross = products
    for (part, columns) in [5, 1100].enumerated() {
      let x = random.uniform(groups * n * columns)
      let d = part == 0 ? nil : random.uniform(groups * n * columns)
      moments.add(x, dense: d, columns: columns, Self.product)
      for group in 0..<groups {
        for i in 0..<n {
          for j in 0..<n {
            let (a, b) = ((group * n + i) * columns, (group * n + j) * columns)
            for c in 0..<columns {
              products[(group * n + i) * n + j] += Double(x[a + c]) * Double(x[b + c])
              cross[(group * n + i) * n + j] += Double((d ?? x)[a + c]) * Double(x[b + c])
            }
          }
        }
      }
    }
    #expect(moments.count == 1105)
    #expect(zip(moments.products, products).allSatisfy { abs($0 - $1) < 1e-2 })
    #expect(zip(moments.crossProducts, cross).allSatisfy { abs($0 - $1) < 1e-2 })
  }
}
