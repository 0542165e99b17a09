import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Symmetric int8 weights, and half precision.
@Suite struct WeightRoundingTests {
  /// Rows of very different magnitudes, with zeros among them.
  static func weights(seed: UInt64, rows: Int = 24, columns: Int = 50) -> Tensor {
    var random = SeededGenerator(seed: seed)
    var elements = random.uniform(rows * columns)
    for row in 0..<rows {
      var factor: Float = 1
      for _ in 0..<(row % 8) { factor *= 0.13 }
      for column in 0..<columns {
        elements[row * columns + column] *= column % 5 == 2 ? 0 : factor
      }
    }
    return Tensor(elements, shape: [rows, columns])
  }

  @Test(arguments: UInt64(1)...20)
  func errorsAreHalfAStepAtMostAndZeroStaysZero(_ seed: UInt64) throws {
    let weights = Self.weights(seed: seed)
    let stored = try #require(weights.quantizedRows())
    let quantization = try #require(stored.quantization)
    #expect(stored.type == .int8 && quantization.axis == 0 && quantization.isSymmetric)
    for (index, (found, wanted)) in zip(stored.floats(), weights.floats()).enumerated() {
      let scale = quantization.scales[index / 50]
      #expect(abs(found - wanted) <= scale * 0.50001)
      if wanted == 0 { #expect(found == 0) }
    }
    #expect(stored.nonzeroCount <= weights.nonzeroCount)
    let levels = stored.dense.elements(as: Int8.self)
    #expect(levels.allSatisfy { $0 >= -127 })
    #expect(levels.map { abs(Int($0)) }.max() ?? 0 >= 126)
  }

  @Test(arguments: UInt64(1)...20)
  func scalesFitTheirHalfPrecisionForm(_ seed: UInt64) throws {
    let stored = try #require(Self.weights(seed: seed).quantizedRows())
    let scales = try #require(stored.quantization?.scales)
    #expect(Quantization.roundedUpToHalfRatios(scales) == scales)
    #expect(stored.scaleBytes == 4 + 2 * 24)
    var graph = Graph()
    graph.outputs = [
      graph.add(Value(name: "w", type: .float32, shape: stored.shape, constant: stored))
    ]
    let read = try ModelReader.read(Bytes(ModelWriter(Model(graph: graph)).bytes()))
    #expect(read.model.graph.values[0].constant?.quantization?.scales == scales)
    #expect(read.model.graph.values[0].constant?.floats() == stored.floats())
  }

  @Test func scalesAreHardlyLargerThanNeeded() throws {
    let weights = Self.weights(seed: 5)
    let scales = try #require(weights.quantizedRows()?.quantization?.scales)
    let elements = weights.floats()
    for row in 0..<24 {
      let largest = elements[(row * 50)..<(row * 50 + 50)].map(abs).max() ?? 0
      // Ratios below 2⁻¹⁴ are subnormal in half precision and coarser.
      let slack: Float = row % 8 < 5 ? 1.001 : 1.1
      #expect(scales[row] >= largest / 127 * 0.99999 && scales[row] <= largest / 127 * slack)
    }
  }

  @Test(arguments: [Float(1e-30), 1e-38, 0x1p-140, 3e38])
  func extremeMagnitudesStayFinite(_ magnitude: Float) throws {
    let elements: [Float] = [magnitude, -magnitude, 0, magnitude / 3, 1, -1, 0.5, 0, 0, 0, 0, 0]
    let stored = try #require(Tensor(elements, shape: [3, 4]).quantizedRows())
    let scales = try #require(stored.quantization?.scales)
    #expect(scales.allSatisfy { $0.isNormal && $0 > 0 })
    for (index, (found, wanted)) in zip(stored.floats(), elements).enumerated() {
      #expect(abs(found - wanted) <= scales[index / 4] * 0.50001)
    }
  }

  @Test func zerosAloneStayZero() throws {
    let stored = try #require(
      Tensor([Float](repeating: 0, count: 8), shape: [2, 4]).quantizedRows())
    #expect(stored.nonzeroCount == 0 && stored.floats().allSatisfy { $0 == 0 })
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan])
  func whatIsNotFiniteIsRefused(_ element: Float) {
    #expect(Tensor([1, element, 2, 3], shape: [2, 2]).quantizedRows() == nil)
  }

  @Test func otherAxesHaveScalesToo() throws {
    let weights = Tensor([1, 10, 100, 2, 20, 200], shape: [2, 3])
    let stored = try #require(weights.quantizedRows(axis: 1))
    #expect(stored.quantization?.axis == 1 && stored.quantization?.scales.count == 3)
    for (index, (found, wanted)) in zip(stored.floats(), weights.floats()).enumerated() {
      #expect(abs(found - wanted) <= [2, 20, 200][index % 3] / 127 * 0.501)
    }
  }

  @Test func integersThatAreThereAlreadyStay() throws {
    let stored = try #require(Self.weights(seed: 3).quantizedRows())
    let again = try #require(stored.quantizedRows())
    #expect(again.values.array == stored.values.array)
    #expect(again.quantization == stored.quantization)
  }

  @Test func halfPrecisionIsTheNearest() throws {
    let weights = Tensor([1, 0.1, -65504, 6e-8, 0], shape: [5])
    let half = try #require(weights.halved())
    #expect(half.type == .float16)
    #expect(half.floats() == [1, 0.099975586, -65504, 5.9604645e-8, 0])
    #expect(Tensor([65536], shape: [1]).halved() == nil)
    #expect(Tensor([.nan], shape: [1]).halved() == nil)
  }
}
