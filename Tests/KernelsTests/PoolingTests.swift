import Kernels
import Testing

@Suite struct PoolingTests {
  static let kernels = [PoolKernel(.portable), PoolKernel(.best)]
  static let windows: [PoolWindows] = [1, 3, 15, 16, 17, 31, 33, 64, 65, 130].flatMap { channels in
    [
      PoolWindows(
        pixels: (4, 2 * channels), rows: (3, 9 * channels), columns: (3, channels),
        channels: channels),
      PoolWindows(
        pixels: (3, channels), planes: (2, 40 * channels), rows: (2, 10 * channels),
        columns: (2, 2 * channels), channels: channels),
      PoolWindows(
        pixels: (1, 0), rows: (1, 0), columns: (600, channels), channels: channels),
      PoolWindows(
        pixels: (2, channels), rows: (0, 0), columns: (1, channels), channels: channels),
    ]
  }

  /// The positions of the taps of output element `index`.
  static func taps(_ w: PoolWindows, _ index: Int) -> [Int] {
    var found: [Int] = []
    for plane in 0..<w.planes.count {
      for row in 0..<w.rows.count {
        for column in 0..<w.columns.count {
          found.append(
            index / w.channels * w.pixels.step + plane * w.planes.step + row * w.rows.step
              + column * w.columns.step + index % w.channels)
        }
      }
    }
    return found
  }

  static func outputs<T: BitwiseCopyable>(
    _ w: PoolWindows, _ zero: T, _ body: (PoolKernel, UnsafeMutablePointer<T>) -> Void
  ) -> [[T]] {
    kernels.map { kernel in
      var y = [T](repeating: zero, count: w.pixels.count * w.channels)
      y.withUnsafeMutableBufferPointer { to in
        if let to = to.baseAddress { body(kernel, to) }
      }
      return y
    }
  }

  @Test(arguments: windows) func poolsFloats(_ w: PoolWindows) {
    var numbers = Numbers(2)
    var x = numbers.floats(700 * w.channels)
    let sums = Self.outputs(w, Float.nan) { $0.average(w, x, to: $1, divisor: 7) }
    #expect(sums[0] == sums[1])
    x[w.channels / 2] = .nan
    let greatest = Self.outputs(w, Float.nan) { $0.maximum(w, x, to: $1) }
    #expect(greatest[0] == greatest[1])
    for i in greatest[0].indices {
      let values = Self.taps(w, i).map { x[$0] }
      #expect(greatest[0][i] == values.filter { !$0.isNaN }.max() ?? -.infinity)
      if !values.contains(where: { $0.isNaN }) {
        #expect(sums[0][i] == values.reduce(0, +) / 7)
      }
    }
  }

  @Test(arguments: windows) func poolsBytes(_ w: PoolWindows) {
    var numbers = Numbers(2)
    let x = numbers.bytes(700 * w.channels)
    let start = Int32(-17 * w.taps)
    let greatest = Self.outputs(w, 0 as UInt8) { $0.maximum(w, x, to: $1) }
    #expect(greatest[0] == greatest[1])
    for factor in [0, 0.013, 0.5, 1e30] as [Float] {
      let averages = Self.outputs(w, 0 as UInt8) {
        $0.average(w, x, to: $1, start: start, factor: factor, zero: 40)
      }
      #expect(averages[0] == averages[1])
      for i in greatest[0].indices {
        let values = Self.taps(w, i).map { x[$0] }
        #expect(greatest[0][i] == values.max() ?? 0)
        let sum = values.reduce(start) { $0 + Int32($1) }
        let real = min(max(Float(sum) * factor, -40), 215)
        #expect(averages[0][i] == UInt8(40 + real.rounded(.toNearestOrEven)))
      }
    }
  }
}
