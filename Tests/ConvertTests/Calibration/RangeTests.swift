import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Ranges of activations against what the elements themselves say.
@Suite struct RangeTests {
  private func observer(_ elements: [Float]) -> RangeObserver {
    var observer = RangeObserver()
    elements.withUnsafeBufferPointer { buffer in
      observer.observe(buffer, extremes: (elements.min() ?? 0, elements.max() ?? 0))
    }
    return observer
  }

  /// The squared error of `elements` rounded to 256 levels over a range.
  private func error(_ elements: [Float], _ range: ClosedRange<Float>) -> Double {
    let parameters = RangeChoice.parameters(range)
    let (scale, zero) = (parameters.scales[0], Float(parameters.zeroPoints[0]))
    return elements.reduce(0) { sum, element in
      let level = min(max((element / scale).rounded(.toNearestOrEven) + zero, 0), 255)
      let difference = Double((level - zero) * scale - element)
      return sum + difference * difference
    }
  }

  private func longTailed(_ count: Int, seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return random.normal(count).map { $0 * $0 * $0 }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func theLeastSquaredErrorIsThat(_ seed: UInt64) {
    let elements = longTailed(8_000, seed: seed)
    let range = SquaredErrorRange(observer(elements)).best()
    let found = error(elements, range)
    let full = (elements.min() ?? 0)...(elements.max() ?? 0)
    #expect(found <= error(elements, full) * 1.001)
    // No range of a grid is much better.
    for low in stride(from: Float(0.1), through: 1, by: 0.1) {
      for high in stride(from: Float(0.1), through: 1, by: 0.1) {
        let other = (full.lowerBound * low)...(full.upperBound * high)
        #expect(found <= error(elements, other) * 1.03, "\(range) \(other)")
      }
    }
  }

  @Test func zerosCostNothing() {
    // Half of the elements are zero, as behind a Relu: the range is that of the others.
    var random = SeededGenerator(seed: 4)
    let positive = random.normal(4_000).map { abs($0) }
    let alone = SquaredErrorRange(observer(positive)).best()
    let many = SquaredErrorRange(observer(positive + [Float](repeating: 0, count: 4_000))).best()
    #expect(abs(alone.upperBound - many.upperBound) < 0.02 * alone.upperBound)
    #expect(many.lowerBound == 0)
  }

  @Test func entropyCutsWhatIsFarOut() {
    // Nearly all within a few steps of the full range, and even elements all over it.
    var random = SeededGenerator(seed: 9)
    let narrow = random.normal(16_000, deviation: 0.004)
    let wide = random.uniform(60)
    let range = EntropyRange(observer(narrow + wide)).best()
    #expect(range.upperBound < 0.9 && range.lowerBound > -0.9)
    let even = EntropyRange(observer(random.uniform(16_000))).best()
    #expect(even.upperBound > 0.99 && even.lowerBound < -0.99)
  }

  @Test func lessWeightOnClippingGivesFinerSteps() {
    let observer = observer(longTailed(8_000, seed: 5))
    let plain = SquaredErrorRange(observer).best()
    let fine = SquaredErrorRange(observer, clipping: 0.1).best()
    #expect(fine.upperBound - fine.lowerBound < plain.upperBound - plain.lowerBound)
  }

  @Test func percentilesCountZeros() {
    let elements = [Float](repeating: 0, count: 9_000) + (1...1_000).map { Float($0) / 1_000 }
    let range = observer(elements).percentile(0.99)
    #expect(range.lowerBound == 0)
    #expect(abs(range.upperBound - 0.95) < 0.01)
  }

  @Test func oddRangesAreNamed() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 4, 8, 8])
    var value = x
    for index in 0..<5 { value = builder.node("Relu", value, name: "relu\(index)") }
    var graph = builder.finish(value)
    for index in graph.values.indices { graph.values[index].shape = [1, 4, 8, 8] }
    var random = SeededGenerator(seed: 6)
    var observers: [RangeObserver?] = graph.values.map { _ in observer(random.normal(4_000)) }
    // One element in ten thousand far out.
    observers[3] = observer(random.normal(9_999) + [4_000])
    let calibration = Calibration(observers: observers, samples: 1)
    let odd = OddRanges(calibration, calibration.ranges(.minmax), graph)
    #expect(odd.layers.map(\.name) == ["relu2"])
    #expect(try #require(odd.warning).contains("'relu2'"))
    observers[3] = observer(random.normal(9_999))
    let even = Calibration(observers: observers, samples: 1)
    #expect(OddRanges(even, even.ranges(.minmax), graph).warning == nil)
  }
}
