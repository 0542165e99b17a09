import Kernels
import ModelFormat

extension Operator {
  /// Copies a rank-4 activation to the other layout; plans insert it, graphs never hold it.
  public static let changeLayout = Operator(
    "ChangeLayout", since: 1, inputs: 1...1, quantization: .passthrough,
    infer: { facts throws(OperatorError) in [try facts.input(0)] },
    prepare: { facts throws(OperatorError) in
      let from = try facts.input(0)
      let to = facts.outputs[0]
      let shape = from.shape
      // One channel, or one pixel: both orders are the same bytes.
      if shape[1] == 1 || shape[2] * shape[3] == 1 || from.layout == to.layout {
        return .view(byteCount: from.byteCount)
      }
      let size = from.type.size
      let count = from.byteCount
      let isToLast = to.layout == .channelsLast
      if size == 1 || size == 4 {
        return changingLayout(from, isToLast: to.layout == .channelsLast)
      }
      return Execution(kernel: "transpose") { operands in
        let source = UnsafeRawBufferPointer(start: operands.rawInput(0), count: count)
        if isToLast {
          Permutation.toChannelsLast(source, operands.rawOutput(), shape, size)
        } else {
          Permutation.toRowMajor(source, operands.rawOutput(), shape, size)
        }
      }
    })
}

/// A change of layout for elements of one byte or four, on all threads.
private func changingLayout(_ from: ValueFacts, isToLast: Bool) -> Execution {
  let (batch, channels) = (from.shape[0], from.shape[1])
  let pixels = from.shape[2] * from.shape[3]
  let (rows, columns) = isToLast ? (channels, pixels) : (pixels, channels)
  let size = from.type.size
  let kernels = LayoutChange.best
  return Execution(kernel: "transpose") { operands in
    for image in 0..<batch {
      let first = image * rows * columns
      operands.split(columns, grain: max(1, (1 << 15) / max(1, rows))) { range in
        let source = first + range.lowerBound
        let target = first + range.lowerBound * rows
        if size == 1 {
          kernels.transpose(
            rows: rows, columns: range.count, operands.input(0, as: UInt8.self) + source,
            pitch: columns, to: operands.output(as: UInt8.self) + target, pitch: rows)
        } else {
          kernels.transpose(
            rows: rows, columns: range.count, operands.input(0, as: UInt32.self) + source,
            pitch: columns, to: operands.output(as: UInt32.self) + target, pitch: rows)
        }
      }
    }
  }
}
