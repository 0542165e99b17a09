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

  @Test(arguments: 0..<5, ElementwiseTests.counts) func addsWithinHalfAStep(
    _ index: Int, _ count: Int
  ) {
    var numbers = Numbers(UInt64(count))
    let (a, b) = (numbers.bytes(count), numbers.bytes(count))
    let (sa, sb, sy) = Self.scales[index]
    let sum = AddU8(a: (sa, 120), b: (sb, 3), output: (sy, 130), clampMin: 5, clampMax: 251)
    let y = Self.run(count) { $0.apply(sum, a, b, to: $1, count: count) }
    #expect(y[0] == y[1])
    for i in 0..<count where index < 3 {
      let real = (Double(a[i]) - 120) * Double(sa) + (Double(b[i]) - 3) * Double(sb)
      let exact = min(max(real / Double(sy) + 130, 5), 251)
      #expect((Double(y[0][i]) - exact).magnitude <= 0.501)
    }
  }

  @Test(arguments: 0..<5, ElementwiseTests.counts) func multipliesWithinHalfAStep(
    _ index: Int, _ count: Int
  ) {
    var numbers = Numbers(UInt64(count))
    let (a, b) = (numbers.bytes(count * 2), numbers.bytes(count))
    let (sa, sb, sy) = Self.scales[index]
    let product = MulU8(a: (sa, 120), b: (sb, 3), output: (sy, 130), clampMin: 5, clampMax: 251)
    let y = Self.run(count * 2) { $0.apply(product, a, row: b, to: $1, rows: 2, channels: count) }
    #expect(y[0] == y[1])
    for i in 0..<count * 2 {
      let real = (Double(a[i]) - 120) * Double(sa) * (Double(b[i % count]) - 3) * Double(sb)
      let exact = min(max(real / Double(sy) + 130, 5), 251)
      #expect((Double(y[0][i]) - exact).magnitude <= 0.501)
    }
    let scalar = Self.run(count) { $0.apply(product, a, scalar: 200, to: $1, count: count) }
    let all = [UInt8](repeating: 200, count: count)
    #expect(scalar[0] == scalar[1])
    #expect(scalar[0] == Self.run(count) { $0.apply(product, a, all, to: $1, count: count) }[0])
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

  @Test func looksUpEveryValue() {
    let table = LookupU8.requantization(input: (0.5, 10), output: (0.25, 20))
    let x = (0...255).map { UInt8($0) }
    let y = Self.run(256) { $0.apply(table, x, to: $1, count: 256) }
    #expect(y[0] == y[1])
    #expect(y[0] == x.map { UInt8(min(max((Int($0) - 10) * 2 + 20, 0), 255)) })
  }
}

@Suite struct RequantizationTests {
  @Test(arguments: [0.3, 0.5, 0.999999999999, 1, 1.5, 7, 1e-5, 1e-9, 12345.678, 1e9])
  func isTheNearestFixedPointFactor(_ factor: Double) {
    let fixed = Requantization(factor)
    #expect(fixed.multiplier >= 1 << 30)
    let value =
      Double(fixed.multiplier) / Double(sign: .plus, exponent: Int(fixed.shift), significand: 1)
    #expect((value / factor - 1).magnitude <= 0x1p-31)
  }

  @Test func saturatesAtBothEnds() {
    for factor in [1e10, 0x1p30, .infinity] {
      #expect(Requantization(factor).apply(1, zero: 9, min: 0, max: 255) == 255)
      #expect(Requantization(factor).apply(-1, zero: 9, min: 0, max: 255) == 0)
      #expect(Requantization(factor).apply(0, zero: 9, min: 0, max: 255) == 9)
    }
    for factor in [0, -1, .nan, 1e-12] {
      #expect(Requantization(factor).apply(.max, zero: 9, min: 0, max: 255) == 9)
      #expect(Requantization(factor).apply(.min, zero: 9, min: 0, max: 255) == 9)
    }
    #expect(Requantization.integerBias(1e30, unit: 1e-9) == 1 << 30)
    #expect(Requantization.integerBias(0, unit: 0) == 0)
    #expect(Requantization.integerBias(-2.5, unit: 1) == -3)
  }
}
