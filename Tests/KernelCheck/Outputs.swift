import CKernels
import Kernels

/// Constants of integer outputs for blocks of 16 channels.
struct OutputSamples {
  let words: Samples<Int32>

  /// Constants with sums of weights of some hundreds in mind.
  init(blocks: Int, _ numbers: inout Numbers) {
    var source = numbers
    words = Samples(blocks * 48) { index in
      switch index % 48 / 16 {
      case 0: Int32(truncatingIfNeeded: source.next() % 20001) - 10000
      case 1: Int32(bitPattern: (0.001 + 0.0009 * source.float()).bitPattern)
      default: Int32(bitPattern: (source.float() * 3).bitPattern)
      }
    }
    numbers = source
  }

  /// The same with `offset` times the sum of the weights of each channel added to its start value,
  /// which is what kernels want that take activations lower by `offset`.
  func lowered(by offset: Int32, _ weightSum: (_ block: Int, _ lane: Int) -> Int32) -> OutputSamples
  {
    OutputSamples(
      words: Samples(words.count) { index in
        let isStart = index % 48 < 16
        return words.base[index] &+ (isStart ? offset &* weightSum(index / 48, index % 48) : 0)
      })
  }

  private init(words: Samples<Int32>) { self.words = words }
}

/// What an integer kernel writes, in three ways: bytes, bytes with a residual, floats.
struct OutputKind {
  static let all = [0, 1, 2]
  let kind: Int

  /// Runs `body` once on each of two outputs of `count` elements, and returns whether they are the same.
  func compare(
    count: Int, residual: Samples<UInt8>,
    _ body: (_ isReference: Bool, _ c: UnsafeMutableRawPointer, UnsafePointer<pare_qoutput>) -> Void
  ) -> Bool {
    let elements = kind == 2 ? count * 4 : count
    let outputs = [Samples<UInt8>(elements) { _ in 77 }, Samples<UInt8>(elements) { _ in 77 }]
    for index in 0..<2 {
      let c = UnsafeMutableRawPointer(outputs[index].base)
      var output = pare_qoutput(
        kind: kind == 2 ? 1 : 0, zero: 100, min: 3, max: 250, float_min: -40, float_max: 50,
        residual_zero: 0, residual_factor: 0, residual: nil, start: nil)
      if kind == 1 {
        output.residual = UnsafePointer(residual.base)
        output.start = UnsafeRawPointer(c)
        output.residual_zero = 117
        output.residual_factor = 0.37
      }
      withUnsafePointer(to: output) { body(index == 0, c, $0) }
    }
    return outputs[0].isSame(outputs[1])
  }
}
