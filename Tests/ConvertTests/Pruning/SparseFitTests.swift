import Kernels
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Masks and values that keep the outputs of one layer.
@Suite struct SparseFitTests {
  static func projection(
    _ layer: LayerCase, _ fraction: Double, _ shape: Shape? = nil,
    _ pattern: ConversionOptions.Pruning = .unstructured(0)
  ) throws -> MaskProjection {
    try #require(
      MaskProjection(pattern, fraction: fraction, shape ?? [layer.rows, layer.n]))
  }

  static func fit(_ layer: LayerCase, damping: Double = 0.01) throws -> SparseFit {
    try #require(
      SparseFit(
        layer.weights[...], GroupMoments(layer.moments, group: 0, isCentered: false),
        damping: damping, LayerCase.product))
  }

  static func none(_ layer: LayerCase) -> [Bool] {
    [Bool](repeating: false, count: layer.weights.count)
  }

  @Test(arguments: [0, 0.1, 0.5, 0.777, 0.95, 1])
  func countsOfZerosAreExact(_ fraction: Double) throws {
    let layer = LayerCase(rows: 6, n: 40, columns: 200, seed: 3)
    let found = try #require(
      try Self.fit(layer).solve(try Self.projection(layer, fraction), isZero: Self.none(layer)))
    #expect(found.count { $0 == 0 } == Int((240 * fraction).rounded()))
    if fraction == 0 {
      // Nothing to make good: the dense weights are the solution.
      #expect(zip(found, layer.weights).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  /// Zeros by a sweep over the columns, those with the least price that a sweep without zeros sees.
  static func swept(_ layer: LayerCase, _ fraction: Double, damping: Double) throws -> [Double] {
    let moments = GroupMoments(layer.moments, group: 0, isCentered: false)
    let cholesky = try #require(
      Cholesky(
        moments.products, n: layer.n, damping: damping * moments.meanSquare, LayerCase.product))
    let sweep = ColumnSweep(cholesky: cholesky, product: LayerCase.product)
    let prices = layer.weights.indices.map { index in
      let pivot = cholesky.factor[index % layer.n * (layer.n + 1)]
      return layer.weights[index] * layer.weights[index] * pivot * pivot
    }
    let count = Int((Double(prices.count) * fraction).rounded())
    let limit = prices.sorted()[count]
    return sweep.sweep(
      layer.weights, rows: layer.rows,
      keeps: { row, column, _ in prices[row * layer.n + column] >= limit }
    ) { $1 }
  }

  @Test(arguments: [0.5, 0.75])
  func outputsStayNearerThanBySweepsAndByMagnitude(_ fraction: Double) throws {
    var better = 0
    let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]
    for seed in seeds {
      let layer = LayerCase(rows: 24, n: 64, columns: 400, seed: seed)
      let found = try #require(
        try Self.fit(layer).solve(try Self.projection(layer, fraction), isZero: Self.none(layer)))
      let error = layer.error(found)
      #expect(error < 0.5 * layer.error(layer.byMagnitude(fraction)), "\(seed)")
      let swept = try Self.swept(layer, fraction, damping: 0.01)
      #expect(swept.count { $0 == 0 } == found.count { $0 == 0 })
      if error <= layer.error(swept) { better += 1 }
    }
    #expect(better >= seeds.count - 1)
  }

  /// (Z − W)·(H + damping) is zero wherever Z is not.
  @Test func valuesOnTheMaskSolveTheNormalEquations() throws {
    let (rows, n) = (8, 32)
    let layer = LayerCase(rows: rows, n: n, columns: 300, seed: 11)
    let found = try #require(
      try Self.fit(layer, damping: 0.05).solve(
        try Self.projection(layer, 0.6), isZero: Self.none(layer)))
    let moments = GroupMoments(layer.moments, group: 0, isCentered: false)
    var h = moments.products
    for i in 0..<n { h[i * n + i] += 0.05 * moments.meanSquare }
    func gradient(_ z: [Double], _ row: Int, _ k: Int) -> Double {
      (0..<n).reduce(0) {
        $0 + (z[row * n + $1] - layer.weights[row * n + $1]) * h[$1 * n + k]
      }
    }
    // Beside what is missing where the weights are dropped and nothing is fitted.
    let dropped = layer.weights.indices.map { found[$0] == 0 ? 0 : layer.weights[$0] }
    var (left, before) = (0.0, 0.0)
    for row in 0..<rows {
      for k in 0..<n where found[row * n + k] != 0 {
        left = max(left, abs(gradient(found, row, k)))
        before = max(before, abs(gradient(dropped, row, k)))
      }
    }
    #expect(left < 0.01 * before, "\(left) of \(before)")
  }

  @Test func zerosThatWereThereStay() throws {
    let layer = LayerCase(rows: 10, n: 48, columns: 300, seed: 7)
    let isZero = layer.weights.indices.map { $0 % 5 == 2 }
    let fit = try Self.fit(layer)
    let found = try #require(fit.solve(try Self.projection(layer, 0.5), isZero: isZero))
    #expect(zip(found, isZero).allSatisfy { !$1 || $0 == 0 })
    #expect(found.count { $0 == 0 } == 240)
    // Without more zeros, what stays is fitted all the same.
    let kept = fit.solve(isZero: isZero)
    #expect(zip(kept, isZero).allSatisfy { ($0 == 0) == $1 })
    let dropped = zip(layer.weights, isZero).map { $1 ? 0 : $0 }
    #expect(layer.error(kept) < 0.3 * layer.error(dropped))
  }

  @Test(arguments: [(2, 4), (1, 4), (4, 8)])
  func patternsHold(_ keep: Int, _ of: Int) throws {
    // Groups lie along the inputs of a 3x3 window.
    let layer = LayerCase(rows: 6, n: 16 * 9, columns: 500, seed: 13)
    let shape: Shape = [6, 16, 3, 3]
    let projection = try Self.projection(layer, 0, shape, .pattern(keep: keep, of: of))
    let found = try #require(
      try Self.fit(layer).solve(projection, isZero: Self.none(layer)))
    for row in 0..<6 {
      for group in 0..<16 / of {
        for tap in 0..<9 {
          let kept = (0..<of).count { found[(row * 16 + group * of + $0) * 9 + tap] != 0 }
          #expect(kept == keep)
        }
      }
    }
    #expect(found.count { $0 == 0 } == projection.zeros)
    var largest = layer.weights.map { Float($0) }
    projection.apply(&largest)
    #expect(layer.error(found) < 0.6 * layer.error(largest.map { Double($0) }))
  }

  /// Of 64 inputs and more, 16 outputs keep as many blocks each (docs/Passes.md).
  @Test(arguments: [(32, 5), (64, 20)]) func blocksGoAsAWhole(_ inputs: Int, _ rows: Int) throws {
    let layer = LayerCase(rows: rows, n: inputs, columns: 400, seed: 17)
    let projection = try Self.projection(layer, 0.5, nil, .block(0.5))
    let found = try #require(
      try Self.fit(layer).solve(projection, isZero: Self.none(layer)))
    let kept = (0..<rows * inputs / 4).map { block in
      let zeros = (0..<4).count { found[block * 4 + $0] == 0 }
      #expect(zeros == 0 || zeros == 4)
      return zeros == 0
    }
    #expect(abs(kept.count { $0 } - kept.count / 2) <= 1)
    let perRow = (0..<rows).map { row in
      (0..<inputs / 4).count { kept[row * inputs / 4 + $0] }
    }
    if inputs >= 64 {
      // The threshold may fall within one rank.
      let uneven = [perRow[..<16], perRow[16...]].count { Set($0).count > 1 }
      #expect(uneven <= 1, "\(perRow)")
    } else {
      #expect(Set(perRow).count > 1)
    }
    var largest = layer.weights.map { Float($0) }
    projection.apply(&largest)
    #expect(layer.error(found) < 0.7 * layer.error(largest.map { Double($0) }))
  }

  @Test func numbersThatAreNoneHaveNoFit() {
    let layer = LayerCase(rows: 2, n: 4, columns: 9, seed: 1)
    var moments = GroupMoments(layer.moments, group: 0, isCentered: false)
    moments.products[0] = .nan
    #expect(
      SparseFit(layer.weights[...], moments, damping: 0.01, LayerCase.product) == nil)
    // Inputs that are all zero say nothing: dense weights stay where no zeros are asked for.
    moments.products = [Double](repeating: 0, count: 16)
    let fit = SparseFit(layer.weights[...], moments, damping: 0.01, LayerCase.product)
    let found = fit?.solve(isZero: Self.none(layer)) ?? []
    #expect(found.count == 8 && zip(found, layer.weights).allSatisfy { abs($0 - $1) < 1e-6 })
  }
}
