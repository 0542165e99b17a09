import Glibc
import Kernels
import Testing

@Suite struct ElementwiseTests {
  static let operations: [UnaryOperation] = [
    .clamp(min: -1, max: 1.5), .sigmoid, .tanh, .silu, .hardSwish,
    .hardSigmoid(alpha: 0.2, beta: 0.5), .gelu, .leakyRelu(alpha: 0.01), .exp, .erf,
    .affine(scale: 2, offset: -3),
  ]
  static let counts = [0, 1, 15, 16, 17, 33, 257]
  static let kernels = (portable: VectorKernels(.portable), best: VectorKernels(.best))

  static func exact(_ operation: UnaryOperation, _ x: Double) -> Double {
    switch operation {
    case .clamp(let min, let max): Swift.min(Swift.max(x, Double(min)), Double(max))
    case .sigmoid: 1 / (1 + Glibc.exp(-x))
    case .tanh: Glibc.tanh(x)
    case .silu: x / (1 + Glibc.exp(-x))
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .hardSigmoid(let alpha, let beta): min(max(Double(alpha) * x + Double(beta), 0), 1)
    case .gelu: x / 2 * (1 + Glibc.erf(x / 2.0.squareRoot()))
    case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
    case .exp: Glibc.exp(x)
    case .erf: Glibc.erf(x)
    case .affine(let scale, let offset): Double(scale) * x + Double(offset)
    }
  }

  static func run(_ kernels: VectorKernels, _ operation: UnaryOperation, _ x: [Float]) -> [Float] {
    var y = x
    y.withUnsafeMutableBufferPointer { to in
      if let to = to.baseAddress { kernels.apply(operation, x, to: to, count: x.count) }
    }
    return y
  }

  @Test(arguments: operations) func functionsAreGoodToTenToTheMinusSix(_ operation: UnaryOperation)
  {
    let x = (-4000...4000).map { Float($0) / 400 }
    for (x, y) in zip(x, Self.run(Self.kernels.portable, operation, x)) {
      let exact = Self.exact(operation, Double(x))
      let limit = max(1e-6, 4e-7 * exact.magnitude)
      #expect((Double(y) - exact).magnitude <= limit, "\(operation) of \(x): \(y), not \(exact)")
    }
  }

  @Test(arguments: operations) func functionsGiveTheSameBits(_ operation: UnaryOperation) {
    for count in Self.counts {
      var numbers = Numbers(UInt64(count))
      var x = numbers.floats(count, times: 90)
      if count > 20 { x[3...8] = [.infinity, -.infinity, 0, -0.0, 1e-30, -3e38] }
      let portable = Self.run(Self.kernels.portable, operation, x)
      let best = Self.run(Self.kernels.best, operation, x)
      #expect(portable.map(\.bitPattern) == best.map(\.bitPattern), "\(count) elements")
    }
  }

  @Test func functionsSaturate() {
    let x: [Float] = [-.infinity, -1000, 1000, .infinity]
    let sigmoid = Self.run(Self.kernels.best, .sigmoid, x)
    #expect(sigmoid[0] < 1e-38 && sigmoid[1] < 1e-38 && sigmoid[2] == 1 && sigmoid[3] == 1)
    #expect(Self.run(Self.kernels.best, .tanh, x) == [-1, -1, 1, 1])
    #expect(Self.run(Self.kernels.best, .erf, x)[1...2] == [-1, 1])
  }

  @Test(arguments: BinaryOperation.allCases) func pairsGiveTheSameBits(_ operation: BinaryOperation)
  {
    for count in Self.counts {
      var numbers = Numbers(9)
      let a = numbers.floats(count * 3)
      let b = numbers.floats(count * 3)
      func run(_ kernels: VectorKernels) -> [[Float]] {
        var results = Array(repeating: [Float](repeating: 0, count: count * 3), count: 4)
        for form in 0..<4 {
          results[form].withUnsafeMutableBufferPointer { to in
            guard let to = to.baseAddress, let first = b.first else { return }
            switch form {
            case 0: kernels.apply(operation, a, b, to: to, count: a.count, clamp: (-0.5, 0.75))
            case 1: kernels.apply(operation, a, [first], to: to, count: a.count, bStep: 0)
            case 2: kernels.apply(operation, a, b, to: to, rows: 3, count: count)
            default:
              kernels.apply(operation, a, b, to: to, rows: 3, count: count, bRow: 1, bStep: 0)
            }
          }
        }
        return results
      }
      let (portable, best) = (run(Self.kernels.portable), run(Self.kernels.best))
      #expect(portable == best)
      for i in a.indices {
        let exact = [b[i], b[0], b[i % count], b[i / count]].map { b in
          let a = a[i]
          return
            switch operation
          {
          case .add: a + b
          case .subtract: a - b
          case .multiply: a * b
          case .divide: a / b
          case .minimum: min(a, b)
          case .maximum: max(a, b)
          case .subtractFrom: b - a
          case .divideInto: b / a
          }
        }
        #expect(portable[0][i] == min(max(exact[0], -0.5), 0.75))
        #expect(portable[1][i] == exact[1])
        #expect(portable[2][i] == exact[2])
        #expect(portable[3][i] == exact[3])
      }
    }
  }

  @Test(arguments: [BinaryOperation.minimum, .maximum]) func whatIsNotANumberStays(
    _ operation: BinaryOperation
  ) {
    for kernels in [Self.kernels.portable, Self.kernels.best] {
      var y = [Float](repeating: 0, count: 3)
      y.withUnsafeMutableBufferPointer { to in
        guard let to = to.baseAddress else { return }
        kernels.apply(operation, [.nan, 1, .nan], [1, .nan, .nan], to: to, count: 3)
      }
      #expect(y.allSatisfy { $0.isNaN })
    }
  }

  @Test func minMaxLeavesOutWhatIsNotANumber() {
    for count in Self.counts {
      var numbers = Numbers(UInt64(count))
      var x = numbers.floats(count)
      if count > 0 { x[count / 2] = .nan }
      let numbersOnly = x.filter { $0 == $0 }
      for kernels in [Self.kernels.portable, Self.kernels.best] {
        let (least, greatest) = kernels.minMax(x, count: count)
        #expect(least == numbersOnly.min() ?? .infinity)
        #expect(greatest == numbersOnly.max() ?? -.infinity)
      }
    }
  }

  @Test func softmaxAddsUpToOne() {
    for columns in [1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 257] {
      let rows = 37
      var numbers = Numbers(3)
      let x = numbers.floats(columns * rows, times: 10)
      let results = [Self.kernels.portable, Self.kernels.best].map { kernels in
        var y = x
        y.withUnsafeMutableBufferPointer { to in
          if let to = to.baseAddress { kernels.softmax(x, to: to, rows: rows, columns: columns) }
        }
        return y
      }
      #expect(results[0] == results[1])
      for row in 0..<rows {
        let range = row * columns..<(row + 1) * columns
        let sum = x[range].reduce(0.0) { $0 + Glibc.exp(Double($1)) }
        for i in range {
          #expect((Double(results[0][i]) - Glibc.exp(Double(x[i])) / sum).magnitude < 1e-6)
        }
      }
    }
  }
}
