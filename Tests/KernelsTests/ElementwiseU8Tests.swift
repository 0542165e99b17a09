import Kernels
import Testing

@Suite struct ElementwiseU8Tests {
  static let kernels = [VectorKernels(.portable), VectorKernels(.best)]
  static let scales: [(Float, Float, Float)] = [
    (0.02, 0.05, 0.04), (1, 1e-9, 0.5), (1e-6, 1e-6, 10), (3e5, 1, 0.01), (1e9, 1e9, 1e-9),
  ]

  static func run(_ count: Int, _ body: (VectorKernels, UnsafeMutablePointer<UInt8>) -> Void)
    -> [[UInt8]]
  {
    kernels.map { kernels in
      var y = [UInt8](repeating: 0, count: count)
      y.withUnsafeMutableBufferPointer { to in
        if let to = to.baseAddress { body(kernels, to) }
      }
      return y
    }
  }

  /// Every way of walking the second operand: whole, one row, one scalar for each row, one for all.
  static let walks: [(row: Int, step: Int)] = [(1, 1), (0, 1), (1, 0), (0, 0)]

  @Test(arguments: 0..<5, ElementwiseTests.counts) func addsAsDefined(
    _ index: Int, _ count: Int
  ) {
    var numbers = Numbers(UInt64(count))
    let (a, b) = (numbers.bytes(count * 3), numbers.bytes(count * 3 + 3))
    let (sa, sb, sy) = Self.scales[index]
    let (fa, fb) = (Float(Double(sa) / Double(sy)), Float(Double(sb) / Double(sy)))
    for isDifference in [false, true] {
      let sum = AddU8(
        a: (sa, 120), b: (sb, 3), output: (sy, 130), isDifference: isDifference, clampMin: 5,
        clampMax: 251)
      for walk in Self.walks {
        let row = walk.step == 1 ? walk.row * count : walk.row
        let y = Self.run(count * 3) {
          $0.apply(sum, a, b, to: $1, rows: 3, count: count, bRow: row, bStep: walk.step)
        }
        #expect(y[0] == y[1])
        for i in 0..<count * 3 {
          let other = b[i / count * row + i % count * walk.step]
          let (left, right) = ((Float(a[i]) - 120) * fa, (Float(other) - 3) * fb)
          let real = min(max(isDifference ? left - right : left + right, -125), 121)
          #expect(y[0][i] == UInt8(130 + real.rounded(.toNearestOrEven)))
          #expect(sum.swapped(other, a[i]) == y[0][i])
        }
      }
    }
  }

  @Test(arguments: 0..<5, ElementwiseTests.counts) func multipliesAsDefined(
    _ index: Int, _ count: Int
  ) {
    var numbers = Numbers(UInt64(count))
    let (a, b) = (numbers.bytes(count * 3), numbers.bytes(count * 3 + 3))
    let (sa, sb, sy) = Self.scales[index]
    let factor = sa * sb / sy
    let product = MulU8(a: (sa, 120), b: (sb, 3), output: (sy, 130), clampMin: 5, clampMax: 251)
    for walk in Self.walks {
      let row = walk.step == 1 ? walk.row * count : walk.row
      let y = Self.run(count * 3) {
        $0.apply(product, a, b, to: $1, rows: 3, count: count, bRow: row, bStep: walk.step)
      }
      #expect(y[0] == y[1])
      for i in 0..<count * 3 {
        let other = b[i / count * row + i % count * walk.step]
        let real = min(max((Float(a[i]) - 120) * (Float(other) - 3) * factor, -125), 121)
        #expect(y[0][i] == UInt8(130 + real.rounded(.toNearestOrEven)))
        #expect(product.swapped(other, a[i]) == y[0][i])
      }
    }
  }

  @Test(arguments: ElementwiseTests.counts) func quantizesHalfToEven(_ count: Int) {
    var numbers = Numbers(1)
    var x = numbers.floats(count, times: 40)
    if count > 20 {
      x[0...9] = [.nan, .infinity, -.infinity, 0.125, 0.375, -0.125, -0.375, 1e30, 0, -0.0]
    }
    let y = Self.run(count) { $0.quantize(x, to: $1, count: count, scale: 0.25, zeroPoint: 100) }
    #expect(y[0] == y[1])
    for i in 0..<count {
      let steps = (x[i] / 0.25).rounded(.toNearestOrEven)
      #expect(y[0][i] == (steps > -100 ? UInt8(min(255, steps + 100)) : 0))
    }
    for kernels in Self.kernels {
      var back = [Float](repeating: 0, count: count)
      back.withUnsafeMutableBufferPointer { to in
        if let to = to.baseAddress {
          kernels.dequantize(y[0], to: to, count: count, scale: 0.25, zeroPoint: 100)
        }
      }
      #expect(back == y[0].map { (Float($0) - 100) * 0.25 })
    }
  }

  @Test(arguments: ElementwiseTests.counts + [256]) func looksUpEveryValue(_ count: Int) {
    let table = LookupU8 { UInt8(min(max((Int($0) - 10) * 2 + 20, 0), 255)) }
    let x = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let y = Self.run(count) { $0.apply(table, x, to: $1, count: count) }
    #expect(y[0] == y[1])
    #expect(y[0] == x.map { UInt8(min(max((Int($0) - 10) * 2 + 20, 0), 255)) })
  }
}

@Suite struct RescalingTests {
  @Test func factorsAreHeld() {
    #expect(Rescaling.factor(1, over: 3) == Float(1.0 / 3))
    #expect(
      Rescaling.factor(input: 0.1, weight: 0.2, output: 0.3)
        == (0.1 as Float) * 0.2 / 0.3)
    for (numerator, denominator) in [(1e300, 1e-300), (1, 0)] {
      #expect(Rescaling.factor(numerator, over: denominator) == Rescaling.greatestFactor)
    }
    for (numerator, denominator) in [(0, 0), (-1, 1), (Double.nan, 1), (1, .infinity)] {
      #expect(Rescaling.factor(numerator, over: denominator) == 0)
    }
    #expect(Rescaling.integerBias(1e30, unit: 1e-9) == 1 << 30)
    #expect(Rescaling.integerBias(0, unit: 0) == 0)
    #expect(Rescaling.integerBias(-2.5, unit: 1) == -3)
  }

  @Test(arguments: [Float.nan, -1e30, -4.5, -3.5, -0.5, 0.5, 1.5, 240.4, 240.5, .infinity])
  func bytesAreHeldAndRoundedHalfToEven(_ value: Float) {
    let held = value > -9 ? min(value, 241) : -9
    let stored = UInt8(9 + held.rounded(.toNearestOrEven))
    #expect(ByteRounding(zero: 9, least: 0, most: 250)(value) == stored)
    #expect(Rescaling.stored(value, zero: 9, least: 0, most: 250) == stored)
  }
}
