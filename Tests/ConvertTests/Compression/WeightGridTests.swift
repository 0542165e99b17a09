import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Levels and scales of weights of few bits.
@Suite struct WeightGridTests {
  static let weights: [Double] = {
    var random = SeededGenerator(seed: 2)
    return random.uniform(6 * 40).enumerated().map { index, value in
      Double(value * value * value) * (index / 40 == 3 ? 0.01 : 1)
    }
  }()

  static func error(_ levels: WeightLevels, _ weights: [Double], _ importance: [Double]) -> Double {
    weights.indices.reduce(0) { sum, index in
      let row = index / 40
      let real = Double(levels.level(weights[index], row: row)) * Double(levels.scales[row])
      return sum + (weights[index] - real) * (weights[index] - real) * importance[index % 40]
    }
  }

  @Test(arguments: 2...8) func uniformLevelsFitTheirBits(bits: Int) {
    let levels = WeightLevels(Self.weights, rows: 6, grid: .uniform(bits: bits), holdsZero: false)
    let found = Self.weights.indices.map { levels.level(Self.weights[$0], row: $0 / 40) }
    let most = 1 << (bits - 1)
    #expect(found.allSatisfy { Int($0) >= (bits == 8 ? -127 : -most) && Int($0) < most })
    #expect(levels.levels.count == (bits == 8 ? 255 : 1 << bits))
    // Each weight takes the nearest of them.
    for index in Self.weights.indices {
      let scale = Double(levels.scales[index / 40])
      let best = levels.levels.map { abs(Double($0) * scale - Self.weights[index]) }.min() ?? 0
      #expect(abs(abs(Double(found[index]) * scale - Self.weights[index]) - best) < 1e-12)
    }
    #expect(Quantization.roundedUpToHalfRatios(levels.scales) == levels.scales)
  }

  @Test func scalesHaveTheLeastErrorWhereInputsAreLarge() {
    var importance = [Double](repeating: 1, count: 40)
    importance[7] = 500
    let plain = WeightLevels(Self.weights, rows: 6, grid: .uniform(bits: 3), holdsZero: false)
    let weighted = WeightLevels(
      Self.weights, rows: 6, grid: .uniform(bits: 3), importance: importance, holdsZero: false)
    let ones = [Double](repeating: 1, count: 40)
    #expect(
      Self.error(weighted, Self.weights, importance) < Self.error(plain, Self.weights, importance))
    #expect(Self.error(plain, Self.weights, ones) < Self.error(weighted, Self.weights, ones))
  }

  @Test func palettesAreFinerWhereWeightsAre() {
    let ones = [Double](repeating: 1, count: 40)
    for bits in 2...4 {
      let uniform = WeightLevels(
        Self.weights, rows: 6, grid: .uniform(bits: bits), holdsZero: false)
      let palette = WeightLevels(Self.weights, rows: 6, grid: .kmeans(bits: bits), holdsZero: false)
      #expect(palette.levels.count <= 1 << bits)
      #expect(zip(palette.levels, palette.levels.dropFirst()).allSatisfy { $0 < $1 })
      #expect(Self.error(palette, Self.weights, ones) < Self.error(uniform, Self.weights, ones))
    }
  }

  /// All ways to cut a line of points into clusters.
  @Test func clustersAreTheBestThereAre() {
    var random = SeededGenerator(seed: 31)
    for _ in 0..<20 {
      var histogram = [Double](repeating: 0, count: 255)
      for _ in 0..<9 {
        histogram[Int.random(in: 0..<255, using: &random)] += Double.random(
          in: 0.1...2, using: &random)
      }
      let levels = KMeans.levels(histogram, count: 3, includesZero: false)
      func cost(_ levels: [Int]) -> Double {
        histogram.indices.reduce(0) { sum, bin in
          let nearest = levels.map { ($0 - (bin - 127)) * ($0 - (bin - 127)) }.min() ?? 0
          return sum + histogram[bin] * Double(nearest)
        }
      }
      let places = histogram.indices.filter { histogram[$0] > 0 }.map { $0 - 127 }
      let found = cost(levels.map { Int($0) })
      // No three integers near the points do better: each of the three moved by one, and all triples of
      // points themselves.
      for a in places {
        for b in places { for c in places { #expect(found <= cost([a, b, c]) + 1e-9) } }
      }
      for index in levels.indices {
        for change in [-1, 1] {
          var moved = levels.map { Int($0) }
          moved[index] += change
          #expect(found <= cost(moved) + 1e-9)
        }
      }
    }
  }

  @Test func zerosStayAndPalettesHoldThem() throws {
    var elements = Self.weights.map { Float($0) }
    for index in stride(from: 0, to: elements.count, by: 3) { elements[index] = 0 }
    let tensor = Tensor(elements, shape: [6, 40])
    for type in [WeightType.integer(bits: 4), .palette(bits: 2), .integer(bits: 2)] {
      let rounded = try #require(tensor.rounded(to: type, axis: 0))
      let levels = rounded.dense.elements(as: Int8.self)
      for index in stride(from: 0, to: elements.count, by: 3) { #expect(levels[index] == 0) }
      #expect(Set(levels).count <= 1 << type.bits)
    }
    // The axis of outputs may be any.
    let matrix = try #require(tensor.rounded(to: .integer(bits: 4), axis: 1))
    let turned = try #require(
      tensor.transposedMatrix().rounded(to: .integer(bits: 4), axis: 0)?.transposedMatrix())
    #expect(matrix.floats() == turned.floats())
    #expect(Tensor([1, .infinity], shape: [1, 2]).rounded(to: .integer(bits: 4), axis: 0) == nil)
    #expect(tensor.rounded(to: .float16, axis: 0) == nil)
  }
}
