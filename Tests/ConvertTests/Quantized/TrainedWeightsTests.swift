import ModelFormat
import TestSupport
import Testing
import Train

@testable import Convert

/// What training rounds weights to is what the quantizer writes for them.
struct TrainedWeightsTests {
  private static let shapes: [(Shape, Int)] = [
    ([8, 40, 3, 3], 0), ([16, 9], 0), ([6, 10, 2, 2], 1), ([30, 12], 1),
  ]

  @Test func eightBitsAreTheQuantizersBits() throws {
    var random = SeededGenerator(seed: 21)
    for (shape, axis) in Self.shapes {
      var weights = random.normal(shape.count, deviation: 0.2)
      for index in stride(from: 0, to: weights.count, by: 7) { weights[index] = 0 }
      let tensor = Tensor(type: .float32, shape: shape, bytes: Bytes(elements: weights))
      let expected = try #require(tensor.quantizedRows(axis: axis))
      let found = try #require(
        weights.withUnsafeBufferPointer { WeightQuantizer(axis: axis).tensor($0, shape) })
      #expect(found.dense.array == expected.dense.array)
      #expect(found.quantization == expected.quantization)
      // What is on the grid stays there where it is quantized once more.
      let again = Tensor(found.floats(), shape: shape).quantizedRows(axis: axis)
      #expect(again?.dense.array == expected.dense.array)
    }
  }

  @Test(arguments: [3, 4, 6, 8])
  func fewerBitsAreTheQuantizersLevels(bits: Int) throws {
    var random = SeededGenerator(seed: 22)
    for (shape, axis) in Self.shapes {
      let weights = random.normal(shape.count, deviation: 0.2)
      let tensor = Tensor(type: .float32, shape: shape, bytes: Bytes(elements: weights))
      let expected = try #require(tensor.roundedRows(axis: axis, grid: .uniform(bits: bits)))
      let scales = try #require(expected.quantization).scales
      let quantizer = WeightQuantizer(bits: bits, axis: axis, scales: .fixed(scales))
      let found = try #require(weights.withUnsafeBufferPointer { quantizer.tensor($0, shape) })
      #expect(found.floats() == expected.floats())
      #expect(found.quantization == expected.quantization)
    }
  }

  @Test func activationsTakeTheQuantizersParameters() {
    for range in [-1...3, 0...0, -2 ... -1, 0.3...7.7, -0.001...1e-9] as [ClosedRange<Float>] {
      let expected = RangeChoice.parameters(range)
      let found = ActivationQuantizer(range)
      #expect(found.scale == expected.scales[0])
      #expect(Int32(found.zeroPoint) == expected.zeroPoints[0])
    }
  }
}
