import Kernels
import Testing

@Suite struct LayerNormalizationTests {
  static let kernels = [LayerNormalizationKernel(.portable), LayerNormalizationKernel(.best)]
  static let counts = [1, 15, 16, 17, 63, 64, 65, 96, 130, 769]

  @Test(arguments: counts, [false, true]) func normalizesFloats(_ count: Int, _ hasBias: Bool) {
    var numbers = Numbers(UInt64(count))
    let rows = 3
    let x = numbers.floats(rows * count, times: 4).map { $0 + 3 }
    let (scale, bias) = (numbers.floats(count), numbers.floats(count))
    let results = Self.kernels.map { kernel in
      var y = [Float](repeating: .nan, count: x.count)
      var statistics = [Float](repeating: .nan, count: 2 * rows)
      y.withUnsafeMutableBufferPointer { to in
        statistics.withUnsafeMutableBufferPointer { statistics in
          guard let to = to.baseAddress, let statistics = statistics.baseAddress else { return }
          bias.withUnsafeBufferPointer { bias in
            kernel.run(
              rows: rows, count: count, x, to: to, scale: scale,
              bias: hasBias ? bias.baseAddress : nil, epsilon: 1e-5, means: statistics,
              inverses: statistics + rows)
          }
        }
      }
      return y + statistics
    }
    #expect(results[0] == results[1])
    for row in 0..<rows {
      let values = x[row * count..<(row + 1) * count].map { Double($0) }
      let mean = values.reduce(0, +) / Double(count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      let inverse = 1 / (variance + 1e-5).squareRoot()
      #expect((Double(results[0][x.count + row]) - mean).magnitude < 1e-5)
      #expect((Double(results[0][x.count + rows + row]) / inverse - 1).magnitude < 1e-3)
      for i in 0..<count where count > 1 {
        let exact =
          (values[i] - mean) * inverse * Double(scale[i]) + (hasBias ? Double(bias[i]) : 0)
        #expect((Double(results[0][row * count + i]) - exact).magnitude < 1e-5)
      }
    }
  }

  @Test(arguments: counts) func normalizesBytes(_ count: Int) {
    var numbers = Numbers(UInt64(count))
    let rows = 4
    var x = numbers.bytes(rows * count)
    for i in 0..<count { x[i] = 255 }  // a row without deviation
    let scale = numbers.floats(count, times: 60)
    let bias = numbers.floats(count, times: 60)
    let results = Self.kernels.map { kernel in
      var y = [UInt8](repeating: 0, count: x.count)
      y.withUnsafeMutableBufferPointer { to in
        guard let to = to.baseAddress else { return }
        kernel.run(
          rows: rows, count: count, x, to: to, scale: scale, bias: bias, epsilon: 1e-5,
          input: (0.02, 131), zeroPoint: 120)
      }
      return y
    }
    #expect(results[0] == results[1])
    for row in 0..<rows {
      let values = x[row * count..<(row + 1) * count].map { (Double($0) - 131) * 0.02 }
      let mean = values.reduce(0, +) / Double(count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      for i in 0..<count {
        let value = (values[i] - mean) / (variance + 1e-5).squareRoot() * Double(scale[i])
        let exact = min(max(value + Double(bias[i]) + 120, 0), 255)
        #expect((Double(results[0][row * count + i]) - exact).magnitude <= 0.501)
      }
    }
  }
}
