import CKernels
import Kernels

/// Channels around blocks of 8, 16, 32 and 64.
private let channelCounts = [1, 7, 8, 9, 16, 17, 31, 32, 33, 47, 49, 63, 64, 65, 100]

/// Compares a float depthwise convolution.
func depthwise(
  _ kernel: Kernel<DepthwiseFunctionF32>, _ reference: Kernel<DepthwiseFunctionF32>,
  _ cases: inout Cases
) {
  for m in sizes(upTo: kernel.rows) {
    for channels in channelCounts {
      for taps in [1, 4, 9] {
        var numbers = Numbers(m * 1000 + channels + taps)
        let padded = (channels + 15) / 16 * 16
        let input = numbers.floats(taps * m * channels)
        let rows = Samples<UnsafePointer<Float>?>(taps * m) {
          UnsafePointer(input.base + $0 * channels)
        }
        let weights = numbers.floats(padded * taps)
        let bias = numbers.floats(padded)
        let residual = numbers.floats(m * channels)
        let outputs = [0, 1].map { _ in Samples<Float>(m * channels) { _ in 77 } }
        for (kernel, output) in zip([kernel, reference], outputs) {
          kernel.function(
            m, channels, taps, rows.base, weights.base, bias.base, residual.base, output.base,
            channels, -0.5, 0.75)
        }
        cases.add(outputs[0].isClose(outputs[1], within: 1e-5 * Float(taps + 1)))
      }
    }
  }
}

/// Compares an integer depthwise convolution.
func depthwise(
  _ kernel: Kernel<DepthwiseFunctionU8S8>, _ reference: Kernel<DepthwiseFunctionU8S8>,
  _ cases: inout Cases
) {
  for m in sizes(upTo: kernel.rows) {
    for channels in channelCounts {
      for taps in [1, 3, 4, 9, 10] {
        var numbers = Numbers(m * 1000 + channels + taps)
        let blocks = (channels + 63) / 64
        let input = numbers.bytes(taps * m * channels)
        let rows = Samples<UnsafePointer<UInt8>?>(taps * m) {
          UnsafePointer(input.base + $0 * channels)
        }
        let weights = DepthwiseWeights(
          blocks: blocks, groups: (taps + 3) / 4, isTap: { $0 * 4 + $1 < taps }, &numbers)
        let constants = OutputSamples(blocks: blocks * 4, &numbers)
        let lowered = constants.lowered(by: kernel.isa.activationOffset, weights.sum)
        let residual = numbers.bytes(m * channels)
        for kind in OutputKind.all {
          cases.add(
            OutputKind(kind: kind).compare(count: m * channels, residual: residual) {
              isReference, c, output in
              (isReference ? reference : kernel).function(
                m, channels, taps, rows.base, weights.values.base,
                (isReference ? constants : lowered).words.base, c, channels, output)
            })
        }
      }
    }
  }
}

/// Weights of depthwise kernels, [block][group][4 vectors][16 lanes][4], zero past the last tap.
private struct DepthwiseWeights {
  let values: Samples<Int8>
  let groups: Int

  init(
    blocks: Int, groups: Int, isTap: (_ group: Int, _ byte: Int) -> Bool, _ numbers: inout Numbers
  ) {
    self.groups = groups
    var source = numbers
    values = Samples(blocks * groups * 256) { index in
      let value = Int8(Int(source.next() % 255) - 127)
      return isTap(index / 256 % groups, index % 4) ? value : 0
    }
    numbers = source
  }

  /// The sum of the weights of one lane of vector `block`.
  func sum(_ block: Int, _ lane: Int) -> Int32 {
    var sum: Int32 = 0
    for group in 0..<groups {
      for byte in 0..<4 {
        let vector = (block / 4 * groups + group) * 256 + block % 4 * 64
        sum += Int32(values.base[vector + lane * 4 + byte])
      }
    }
    return sum
  }
}

/// The sizes of rows of outputs.
private struct RowCase {
  let kernel: Int, stride: Int, padLeft: Int, inputWidth: Int, outputWidth: Int, channels: Int
  let count: Int

  static let all: [RowCase] = {
    var all: [RowCase] = []
    for kernel in [3, 5, 7] {
      for stride in [1, 2] {
        for channels in channelCounts {
          for (pad, input) in [(0, kernel), (kernel / 2, 1), (kernel / 2, 11), (kernel - 1, 4)] {
            let output = (input + 2 * pad - kernel) / stride + 1
            all.append(
              RowCase(
                kernel: kernel, stride: stride, padLeft: pad, inputWidth: input,
                outputWidth: output, channels: channels, count: 1 + (channels + pad) % 5))
          }
        }
      }
    }
    return all
  }()

  /// Rows of the input, and elements in each; elements of the outputs.
  var inputRows: Int { kernel + (count - 1) * stride }
  var rowElements: Int { inputWidth * channels }
  var outputs: Int { count * outputWidth * channels }

  /// Calls `body` with the rows as kernels take them, the second of the input in the padding.
  func with<Element: BitwiseCopyable>(
    _ input: Samples<Element>, zero: Samples<Element>,
    _ body: (UnsafePointer<pare_depthwise_rows>) -> Void
  ) {
    let rows = Samples<UnsafeRawPointer?>(inputRows) {
      UnsafeRawPointer($0 == 1 ? zero.base : input.base + $0 * self.rowElements)
    }
    let value = pare_depthwise_rows(
      rows: rows.base, zero: zero.base, count: count, row_stride: stride, kernel: kernel,
      stride: stride, pad_left: padLeft, input_width: inputWidth, output_width: outputWidth,
      channels: channels)
    withUnsafePointer(to: value, body)
    withExtendedLifetime(rows) {}
  }
}

/// Compares rows of a float depthwise convolution.
func depthwiseRows(
  _ kernel: Kernel<DepthwiseRowFunctionF32>, _ reference: Kernel<DepthwiseRowFunctionF32>,
  _ cases: inout Cases
) {
  for row in RowCase.all {
    var numbers = Numbers(row.channels)
    let taps = row.kernel * row.kernel
    let padded = (row.channels + 15) / 16 * 16
    let input = numbers.floats(row.inputRows * row.rowElements)
    let zero = Samples<Float>(row.rowElements) { _ in 0 }
    let weights = numbers.floats(padded * taps)
    let bias = numbers.floats(padded)
    let residual = numbers.floats(row.outputs)
    let outputs = [0, 1].map { _ in Samples<Float>(row.outputs) { _ in 77 } }
    for (kernel, output) in zip([kernel, reference], outputs) {
      row.with(input, zero: zero) {
        kernel.function($0, weights.base, bias.base, residual.base, output.base, -0.5, 0.75)
      }
    }
    cases.add(outputs[0].isClose(outputs[1], within: 1e-5 * Float(taps + 1)))
  }
}

/// Compares rows of an integer depthwise convolution.
func depthwiseRows(
  _ kernel: Kernel<DepthwiseRowFunctionU8S8>, _ reference: Kernel<DepthwiseRowFunctionU8S8>,
  _ cases: inout Cases
) {
  for row in RowCase.all {
    var numbers = Numbers(row.channels)
    let blocks = (row.channels + 63) / 64
    let input = numbers.bytes(row.inputRows * row.rowElements)
    let zero = Samples<UInt8>(row.rowElements) { _ in 113 }
    let weights = DepthwiseWeights(
      blocks: blocks, groups: (row.kernel + 3) / 4 * row.kernel,
      isTap: { $0 / row.kernel * 4 + $1 < row.kernel }, &numbers)
    let constants = OutputSamples(blocks: blocks * 4, &numbers)
    let lowered = constants.lowered(by: kernel.isa.activationOffset, weights.sum)
    let residual = numbers.bytes(row.outputs)
    for kind in OutputKind.all {
      cases.add(
        OutputKind(kind: kind).compare(count: row.outputs, residual: residual) {
          isReference, c, output in
          row.with(input, zero: zero) {
            (isReference ? reference : kernel).function(
              $0, weights.values.base, (isReference ? constants : lowered).words.base, c, output)
          }
        })
    }
  }
}
