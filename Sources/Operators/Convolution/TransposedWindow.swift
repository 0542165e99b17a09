import ModelFormat

/// Where a transposed convolution puts what one input element makes, along one dimension: element `i`
/// and tap `k` go to `i * stride + k * dilation - before`.
package struct TransposedWindow: Sendable {
  /// The window along one dimension.
  package struct Axis: Sendable {
    package var input: Int
    package var kernel: Int
    package var stride = 1
    package var dilation = 1
    package var before = 0
    package var output: Int

    /// The height of what has none.
    package static let one = Axis(input: 1, kernel: 1, output: 1)

    /// Where input 0 and tap `tap` go.
    package func start(_ tap: Int) -> Int { tap * dilation - before }
  }

  /// The dimensions, outermost first.
  package var axes: [Axis] = []

  /// The window that a node's attributes describe: `strides`, `dilations`, `pads`, `auto_pad`,
  /// `output_padding` and `output_shape`.
  package init(
    _ facts: NodeFacts, over extents: [Int], kernel: [Int]
  ) throws(OperatorError) {
    let rank = extents.count
    let ones = [Int](repeating: 1, count: rank)
    let zeros = [Int](repeating: 0, count: 2 * rank)
    if let stated = try SpatialWindow.list(facts, "kernel_shape", rank, default: nil, from: 1),
      stated != kernel
    {
      throw .attribute(name: "kernel_shape", problem: "does not fit the weights")
    }
    let strides = try SpatialWindow.list(facts, "strides", rank, default: ones, from: 1) ?? ones
    let dilations = try SpatialWindow.list(facts, "dilations", rank, default: ones, from: 1) ?? ones
    let pads = try SpatialWindow.list(facts, "pads", 2 * rank, default: zeros, from: 0) ?? zeros
    let extra =
      try SpatialWindow.list(facts, "output_padding", rank, default: zeros, from: 0) ?? zeros
    let shape = try SpatialWindow.list(facts, "output_shape", rank, default: nil, from: 1)
    let rule = try AutoPad(facts)
    for i in 0..<rank {
      // With 31 bits for each number the sums below cannot overflow.
      guard extents[i] >= 1, extents[i] <= Int(Int32.max), kernel[i] >= 1,
        kernel[i] <= Int(Int32.max)
      else {
        throw .shapeMismatch("a window of \(kernel[i]) over \(extents[i]) entries is not supported")
      }
      let full = (extents[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 + extra[i]
      var output: Int
      var before = 0
      let isSame = rule == .sameUpper || rule == .sameLower
      if shape != nil || isSame {
        output = shape?[i] ?? extents[i] * strides[i]
        let surplus = max(0, full - output)
        before = rule == .sameUpper ? surplus / 2 : surplus - surplus / 2
      } else {
        before = rule == .valid ? 0 : pads[i]
        output = full - before - (rule == .valid ? 0 : pads[i + rank])
      }
      guard output >= 1 else {
        throw .shapeMismatch("the padding leaves nothing of \(full) entries")
      }
      axes.append(
        Axis(
          input: extents[i], kernel: kernel[i], stride: strides[i], dilation: dilations[i],
          before: before, output: output))
    }
  }
}
