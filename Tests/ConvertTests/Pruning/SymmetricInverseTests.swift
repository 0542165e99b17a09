import Foundation
import Kernels
import TestSupport
import Testing

@testable import Convert

/// Inverses of symmetric matrices, against double.
@Suite struct SymmetricInverseTests {
  static var product: FloatProduct { FloatProduct(ThreadPool(threads: 2)) }

  /// A matrix whose inverse is known: a diagonal between two reflections, which are their own inverses.
  struct Known {
    let n: Int
    /// What stands on the diagonal.
    let spectrum: [Double]
    private let axes: [[Double]]

    /// A matrix with eigenvalues from 1 down to 1 / `condition`.
    init(_ n: Int, condition: Double, seed: UInt64) {
      self.n = n
      var random = SeededGenerator(seed: seed)
      spectrum = (0..<n).map { index in
        pow(condition, -Double(index) / Double(max(1, n - 1)))
      }
      axes = (0..<3).map { _ in
        let axis = random.uniform(n).map { Double($0) }
        let length = axis.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return axis.map { $0 / length }
      }
    }

    /// The matrix of another diagonal.
    func matrix(_ diagonal: [Double]) -> [Double] {
      var matrix = [Double](repeating: 0, count: n * n)
      for i in 0..<n { matrix[i * n + i] = diagonal[i] }
      for axis in axes {
        // (1 − 2uuᵀ)·M·(1 − 2uuᵀ) = M − 2uvᵀ − 2vuᵀ + 4(uᵀv)uuᵀ with v = M·u.
        let image = (0..<n).map { i in
          (0..<n).reduce(0) { $0 + matrix[i * n + $1] * axis[$1] }
        }
        let share = zip(axis, image).reduce(0) { $0 + $1.0 * $1.1 }
        for i in 0..<n {
          for j in 0..<n {
            matrix[i * n + j] +=
              4 * share * axis[i] * axis[j] - 2 * (axis[i] * image[j] + image[i] * axis[j])
          }
        }
      }
      return matrix
    }
  }

  /// 96 rows make a block: none, some and parts of them.
  @Test(arguments: [1, 2, 31, 95, 96, 97, 192, 301], [1.0, 300, 30_000])
  func inversesAreThoseOfDouble(n: Int, condition: Double) throws {
    let known = Known(n, condition: condition, seed: UInt64(n))
    let matrix = known.matrix(known.spectrum).map { Float($0) }
    let wanted = known.matrix(known.spectrum.map { 1 / $0 })
    let inverse = try #require(
      SymmetricInverse(matrix, n: n, damping: 0, Self.product))
    let (found, largest) = (inverse.elements, 1 / (known.spectrum.last ?? 1))
    let error = zip(found, wanted).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    // float32 holds the matrix with an error of 6e-8, which its condition makes larger.
    #expect(error < 2e-7 * condition * largest + 1e-5, "\(error / largest)")
    for i in 0..<n {
      for j in 0..<i where abs(found[i * n + j] - found[j * n + i]) > 1e-4 * Float(largest) {
        Issue.record("not symmetric at \(i), \(j)")
      }
    }
  }

  @Test func dampingIsAddedToTheDiagonal() throws {
    let n = 120
    // More directions than samples: without damping there is no inverse.
    let known = Known(n, condition: 1, seed: 5)
    let spectrum = (0..<n).map { $0 < 40 ? Double($0 + 1) : 0 }
    let matrix = known.matrix(spectrum).map { Float($0) }
    let inverse = try #require(
      SymmetricInverse(matrix, n: n, damping: 0.5, Self.product))
    let wanted = known.matrix(spectrum.map { 1 / ($0 + 0.5) })
    #expect(zip(inverse.elements, wanted).allSatisfy { abs(Double($0) - $1) < 1e-4 })
  }

  @Test func whatIsNotPositiveDefiniteHasNoInverse() {
    #expect(SymmetricInverse([1, 2, 2, 1], n: 2, damping: 0, Self.product) == nil)
    #expect(SymmetricInverse([0], n: 1, damping: 0, Self.product) == nil)
    #expect(SymmetricInverse([.nan], n: 1, damping: 1, Self.product) == nil)
  }
}
