import Kernels
import Testing

@Suite struct AffineRowsTests {
  static let kernels = [AffineRows(.portable), AffineRows(.best)]

  @Test(arguments: [1, 15, 16, 17, 64, 65, 130]) func scalesAndShiftsRows(_ count: Int) {
    var numbers = Numbers(UInt64(count))
    let rows = 3
    let (scale, bias) = (numbers.floats(count, times: 2), numbers.floats(count, times: 90))
    let x = numbers.floats(rows * count, times: 100)
    let bytes = numbers.bytes(rows * count)
    for kernel in Self.kernels {
      var y = [Float](repeating: .nan, count: x.count)
      y.withUnsafeMutableBufferPointer { to in
        guard let to = to.baseAddress else { return }
        kernel.run(
          rows: rows, count: count, x, to: to, scale: scale, bias: bias, clamp: (0, 120))
      }
      var u = [UInt8](repeating: 0, count: x.count)
      u.withUnsafeMutableBufferPointer { to in
        guard let to = to.baseAddress else { return }
        kernel.run(
          rows: rows, count: count, bytes, to: to, scale: scale, bias: bias, inputZero: 130,
          zero: 20, least: 20, most: 250)
      }
      for i in x.indices {
        #expect(y[i] == min(max(x[i] * scale[i % count] + bias[i % count], 0), 120))
        let real = (Float(bytes[i]) - 130) * scale[i % count] + bias[i % count]
        #expect(u[i] == UInt8(20 + min(max(real, 0), 230).rounded(.toNearestOrEven)))
      }
    }
  }
}
