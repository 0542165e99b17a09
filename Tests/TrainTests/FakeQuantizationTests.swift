import Kernels
import ModelFormat
import TestSupport
import Testing

@testable import Train

struct FakeQuantizationTests {
  @Test func activationsAndTheirGradientsArePyTorchs() throws {
    let fixture = try TrainingFixture("fake-activations")
    let x = try fixture.floats("x")
    var y = [Float](repeating: 0, count: x.count)
    var gradient = try fixture.floats("seed")
    let quantizer = ActivationQuantizer(scale: 0.02, zeroPoint: 90)
    x.withUnsafeBufferPointer { x in
      guard let x = x.baseAddress else { return }
      y.withUnsafeMutableBufferPointer {
        if let y = $0.baseAddress {
          quantizer.apply(200, x, to: y)
        }
      }
      gradient.withUnsafeMutableBufferPointer {
        if let g = $0.baseAddress {
          quantizer.gradient(200, x, g, to: g)
        }
      }
    }
    expectClose(y, try fixture.floats("y"), 1e-6)
    #expect(gradient == (try fixture.floats("gradient")))
    #expect(gradient.contains(0))
  }

  @Test func activationsAreWhatTheIntegersStandFor() {
    var random = SeededGenerator(seed: 12)
    let x = random.normal(40_000, deviation: 3) + [.infinity, -.infinity, .nan]
    let quantizer = ActivationQuantizer(-4.7...6.1)
    var y = [Float](repeating: 0, count: x.count)
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer {
        guard let x = x.baseAddress, let y = $0.baseAddress else { return }
        quantizer.apply(40_003, x, to: y)
      }
    }
    for (x, y) in zip(x, y) {
      let level = (x / quantizer.scale).rounded(.toNearestOrEven) + Float(quantizer.zeroPoint)
      let stored = level.isNaN ? 0 : min(max(level, 0), 255)
      #expect(y == (stored - Float(quantizer.zeroPoint)) * quantizer.scale)
    }
  }

  @Test func weightsAndTheirGradientsArePyTorchs() throws {
    let fixture = try TrainingFixture("fake-weights")
    let w = try fixture.floats("x")
    let scales = try fixture.floats("scales")
    let quantizer = WeightQuantizer(scales: .fixed(scales))
    var y = [Float](repeating: 0, count: w.count)
    var gradient = try fixture.floats("seed")
    w.withUnsafeBufferPointer { w in
      y.withUnsafeMutableBufferPointer { _ = quantizer.apply(w, [3, 20], to: $0) }
      gradient.withUnsafeMutableBufferPointer {
        quantizer.maskGradient($0, w, [3, 20], scales: scales)
      }
    }
    expectClose(y, try fixture.floats("y"), 1e-6)
    #expect(gradient == (try fixture.floats("gradient")))
    #expect(gradient.contains(0))
  }

  @Test func storedIntegersStandForTheRoundedWeights() throws {
    var random = SeededGenerator(seed: 13)
    var w = random.normal(4 * 3 * 5)
    for index in 15..<30 { w[index] = 0 }
    for bits in 2...8 {
      for (axis, shape) in [(0, [4, 3, 5] as Shape), (1, [3, 4, 5]), (2, [3, 5, 4])] {
        let quantizer = WeightQuantizer(bits: bits, axis: axis)
        var y = [Float](repeating: .nan, count: w.count)
        let (tensor, scales) = w.withUnsafeBufferPointer { w in
          (
            quantizer.tensor(w, shape),
            y.withUnsafeMutableBufferPointer { quantizer.apply(w, shape, to: $0) }
          )
        }
        let stored = try #require(tensor)
        #expect(stored.floats() == y)
        #expect(stored.quantization?.scales == scales)
        #expect(stored.quantization?.axis == axis)
        // Rounding what is rounded, by the same scales, changes nothing.
        let again = WeightQuantizer(bits: bits, axis: axis, scales: .fixed(try #require(scales)))
        let same = y.withUnsafeBufferPointer { again.tensor($0, shape) }
        #expect(same?.floats() == y)
        for (w, y) in zip(w, y) where w == 0 { #expect(y == 0) }
      }
    }
  }

  @Test func weightsThatAreNotFiniteStay() {
    let w: [Float] = [1, .infinity, 0.3, 2]
    var y = [Float](repeating: 0, count: 4)
    w.withUnsafeBufferPointer { w in
      y.withUnsafeMutableBufferPointer { y in
        #expect(WeightQuantizer().apply(w, [2, 2], to: y) == nil)
      }
      #expect(WeightQuantizer().tensor(w, [2, 2]) == nil)
    }
    #expect(y == w)
  }
}
