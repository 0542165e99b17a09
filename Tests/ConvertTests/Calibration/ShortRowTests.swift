import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Scales that are searched for rows of few weights.
@Suite struct ShortRowTests {
  @Test func searchedScalesBeatTheLargestWeights() throws {
    var random = SeededGenerator(seed: 3)
    let shape: Shape = [64, 1, 3, 3]
    let weights = Tensor(random.normal(shape.count), shape: shape)
    let searched = try #require(weights.quantizedShortRows()).floats()
    let plain = try #require(weights.quantizedRows()).floats()
    let elements = weights.floats()
    /// Squared errors, and the squares of the sums of errors in each row.
    func errors(_ other: [Float]) -> (single: Double, sums: Double) {
      var (single, sums) = (0.0, 0.0)
      for row in 0..<64 {
        var sum = 0.0
        for index in (row * 9)..<(row * 9 + 9) {
          let error = Double(other[index] - elements[index])
          single += error * error
          sum += error
        }
        sums += sum * sum
      }
      return (single, sums)
    }
    #expect(errors(searched).sums < errors(plain).sums * 0.1)
    #expect(errors(searched).single < errors(plain).single * 1.5)
  }

  @Test func zerosAndSignsStay() throws {
    var weights = [Float](repeating: 0, count: 4 * 9)
    for index in stride(from: 0, to: 27, by: 2) { weights[index] = index % 4 == 0 ? 0.7 : -0.3 }
    let stored = try #require(Tensor(weights, shape: [4, 1, 3, 3]).quantizedShortRows())
    for (before, after) in zip(weights, stored.floats()) {
      #expect(before == 0 ? after == 0 : before * after > 0)
    }
    #expect(stored.quantization?.scales.allSatisfy { $0.isNormal } == true)
  }

  @Test func longRowsAndBadNumbersAreNotForThem() {
    #expect(
      Tensor([Float](repeating: 1, count: 65 * 9), shape: [1, 65, 3, 3]).quantizedShortRows() == nil
    )
    #expect(Tensor([1, .nan, 1], shape: [1, 1, 3]).quantizedShortRows() == nil)
    #expect(Tensor([1, 2, 3], shape: [1, 3]).quantizedShortRows() == nil)
  }
}
