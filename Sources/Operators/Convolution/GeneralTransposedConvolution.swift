import Kernels
import ModelFormat

/// A transposed convolution over three dimensions: products of all pixels with the weights of some
/// output channels at a time, added to where the taps put them.
struct GeneralTransposedConvolution: Sendable {
  /// Bytes that products take at once, where one output channel does not take more.
  private static let budget = 16 << 20

  private let batch: Int, channelsIn: Int, channelsOut: Int, groups: Int
  private let window: TransposedWindow
  private let taps: Int, pixelsIn: Int, pixelsOut: Int
  /// The extents of the output.
  let outputs: [Int]

  /// The convolution of a node, once its operands fit.
  init(_ facts: NodeFacts) throws(OperatorError) {
    let image = try facts.input(0).shape
    let weights = try facts.input(1).shape
    guard image.rank >= 3, weights.rank == image.rank else {
      throw .rank(operand: "weights", found: weights.rank, expected: "\(image.rank)")
    }
    groups = try facts.int("group", default: 1)
    guard groups >= 1, groups <= Limits.extent, image[1] % groups == 0, weights[0] == image[1]
    else {
      throw .shapeMismatch("weights \(weights) of \(groups) groups do not fit images \(image)")
    }
    let (channels, overflow) = weights[1].multipliedReportingOverflow(by: groups)
    guard !overflow else { throw .shapeMismatch("there are too many channels") }
    window = try TransposedWindow(
      facts, over: Array(image.dimensions[2...]), kernel: Array(weights.dimensions[2...]))
    (batch, channelsIn, channelsOut) = (image[0], image[1], channels)
    outputs = [batch, channels] + window.axes.map({ $0.output })
    if let bias = facts.optionalInput(2), bias.count != channelsOut {
      throw .shapeMismatch("the bias has \(bias.count) entries, but must have \(channelsOut)")
    }
    guard let taps = Shape(Array(weights.dimensions[2...])).checkedCount,
      let pixelsIn = Shape(Array(image.dimensions[2...])).checkedCount,
      let pixelsOut = Shape(window.axes.map { $0.output }).checkedCount,
      Shape([taps, pixelsIn]).checkedCount != nil
    else { throw .shapeMismatch("a convolution of this size") }
    (self.taps, self.pixelsIn, self.pixelsOut) = (taps, pixelsIn, pixelsOut)
  }

  /// An execution of the node, whose result is not empty.
  func execution(_ facts: NodeFacts) -> Execution {
    let outGroup = channelsOut / groups
    let lineBytes = max(1, taps * pixelsIn * MemoryLayout<Float>.stride)
    let block = max(1, min(outGroup, GeneralTransposedConvolution.budget / lineBytes))
    func product(_ channels: Int) -> ProductF32 {
      ProductF32(m: channels * taps, n: pixelsIn, k: channelsIn / groups, transposesA: true)
    }
    let full = product(block)
    let rest = outGroup % block == 0 ? full : product(outGroup % block)
    let start = (block * lineBytes + 127) / 64 * 64
    let hasBias = facts.optionalInput(2) != nil
    return Execution(
      kernel: "conv transpose gathered",
      scratch: full.scratch.or(rest.scratch).behind(start)
    ) { operands in
      for image in 0..<(batch * groups) {
        for first in stride(from: 0, to: outGroup, by: block) {
          let count = min(block, outGroup - first)
          let inGroup = channelsIn / groups
          (count == block ? full : rest).run(
            a: operands.input(1, as: Float.self)
              + (image % groups * inGroup * outGroup + first) * taps,
            lda: outGroup * taps,
            b: operands.input(0, as: Float.self) + image * inGroup * pixelsIn, ldb: pixelsIn,
            c: operands.scratch.assumingMemoryBound(to: Float.self), ldc: pixelsIn,
            scratch: operands.scratch + start, pool: operands.pool)
          operands.pool.run(parts: count) { channel in
            add(operands, image * outGroup + first + channel, channel, hasBias: hasBias)
          }
        }
      }
    }
  }

  /// Adds the products of one output channel, the `index`-th of its block, to output plane `plane`.
  private func add(_ operands: Operands, _ plane: Int, _ index: Int, hasBias: Bool) {
    let to = operands.output(as: Float.self) + plane * pixelsOut
    to.update(
      repeating: hasBias ? operands.input(2, as: Float.self)[plane % channelsOut] : 0,
      count: pixelsOut)
    let products = operands.scratch.assumingMemoryBound(to: Float.self) + index * taps * pixelsIn
    for tap in 0..<taps {
      var from = products + tap * pixelsIn
      scatter(0, tap, taps, 0, &from, to)
    }
  }

  /// Adds the products of tap `tap` below dimension `level`, which follow one another from `from` on.
  private func scatter(
    _ level: Int, _ tap: Int, _ taps: Int, _ place: Int, _ from: inout UnsafeMutablePointer<Float>,
    _ to: UnsafeMutablePointer<Float>
  ) {
    let axis = window.axes[level]
    let inner = taps / axis.kernel
    let start = axis.start(tap / inner)
    var below = 1
    for later in window.axes[(level + 1)...] { below *= later.input }
    for i in 0..<axis.input {
      let entry = start + i * axis.stride
      if entry < 0 || entry >= axis.output {
        from += below
      } else if level == window.axes.count - 1 {
        to[place * axis.output + entry] += from.pointee
        from += 1
      } else {
        scatter(level + 1, tap % inner, inner, place * axis.output + entry, &from, to)
      }
    }
  }
}
