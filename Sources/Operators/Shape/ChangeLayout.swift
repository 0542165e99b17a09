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
