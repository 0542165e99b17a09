import Kernels
import ModelFormat

/// A float convolution over one to three dimensions whose weights may be computed while the network
/// runs: windows are gathered block by block, and multiplied with the weights.
///
/// Convolutions over one or two dimensions with constant weights have faster ways.
struct GeneralConvolution: Sendable {
  /// Output pixels whose windows are gathered at once.
  private static let blockPixels = 256

  private let x: ValueFacts
  private let batch: Int, channels: Int, outputs: Int, groups: Int
  private let window: SpatialWindow
  private let taps: Int, pixels: Int, depth: Int
  private let isChannelsLast: Bool
  private let bounds: (Float, Float)
  private let hasBias: Bool, hasResidual: Bool

  /// The convolution of a node, once its operands fit.
  init(_ facts: NodeFacts) throws(OperatorError) {
    x = try facts.input(0)
    let w = try facts.input(1).shape
    guard x.shape.rank >= 3, x.shape.rank <= 5 else {
      throw .rank(operand: "input", found: x.shape.rank, expected: "3 to 5")
    }
    guard w.rank == x.shape.rank else {
      throw .rank(operand: "weights", found: w.rank, expected: "\(x.shape.rank) as the input")
    }
    groups = try facts.int("group", default: 1)
    (batch, channels, outputs) = (x.shape[0], x.shape[1], w[0])
    guard groups >= 1, groups <= max(1, channels), channels % groups == 0,
      w[1] == channels / groups, outputs % groups == 0
    else {
      throw .shapeMismatch("weights \(w) in \(groups) groups do not fit an input \(x.shape)")
    }
    window = try SpatialWindow(
      facts, over: Array(x.shape.dimensions[2...]), kernel: Array(w.dimensions[2...]))
    if let bias = facts.optionalInput(2)?.shape, bias.count != outputs {
      throw .shapeMismatch("bias \(bias) does not fit \(outputs) output channels")
    }
    guard let taps = Shape(Array(w.dimensions[2...])).checkedCount,
      let pixels = Shape(window.outputs).checkedCount,
      let depth = Shape([taps, channels / groups]).checkedCount, depth <= 1 << 32
    else { throw .shapeMismatch("a convolution of this size") }
    (self.taps, self.pixels, self.depth) = (taps, pixels, depth)
    isChannelsLast = x.layout == .channelsLast && x.shape.rank == 4
    bounds = try facts.activationBounds()
    (hasBias, hasResidual) = (facts.optionalInput(2) != nil, facts.optionalInput(3) != nil)
  }

  /// The facts of the output.
  func result(_ facts: NodeFacts) throws(OperatorError) -> ValueFacts {
    let result = try facts.result(
      x.type, [batch, outputs] + window.outputs, layout: x.layout)
    if let residual = facts.optionalInput(3)?.shape, residual != result.shape {
      throw .shapeMismatch("residual \(residual) does not fit an output \(result.shape)")
    }
    return result
  }

  /// Multiply-accumulates of one run.
  var multiplyAccumulates: Int { .saturatingProduct(batch, pixels, outputs, depth) }

  /// An execution of the node.
  func execution(_ facts: NodeFacts) throws(OperatorError) -> Execution {
    for index in facts.inputs.indices where facts.inputs[index] != nil {
      try facts.require(try facts.input(index), "input \(index)", among: [.float32])
    }
    if try result(facts).count == 0 { return .nothing }
    let rows = min(GeneralConvolution.blockPixels, pixels)
    let blocks = Products(self, rows: rows)
    let rest = pixels % rows == 0 ? blocks : Products(self, rows: pixels % rows)
    let start = (rows * depth * MemoryLayout<Float>.stride + 127) / 64 * 64
    let scratch = blocks.product.scratch.or(rest.product.scratch).behind(start)
    return Execution(
      kernel: "conv gathered", scratch: scratch
    ) { operands in
      let columns = operands.scratch.assumingMemoryBound(to: Float.self)
      for image in 0..<(batch * groups) {
        for first in stride(from: 0, to: pixels, by: rows) {
          let count = min(rows, pixels - first)
          gather(operands, image / groups, image % groups, first, count)
          multiply(
            operands, count == rows ? blocks : rest, image / groups, image % groups, first, columns,
            operands.scratch + start)
        }
      }
      finish(operands)
    }
  }

  /// The product of the windows of a block with the weights of a group.
  private struct Products: Sendable {
    let product: ProductF32

    init(_ convolution: GeneralConvolution, rows: Int) {
      let outputs = convolution.outputs / convolution.groups
      // Pixels are rows of a channels-last output, and columns of a row-major one.
      product =
        convolution.isChannelsLast
        ? ProductF32(m: rows, n: outputs, k: convolution.depth, transposesB: true)
        : ProductF32(m: outputs, n: rows, k: convolution.depth, transposesB: true)
    }
  }

  private func multiply(
    _ operands: Operands, _ products: Products, _ image: Int, _ group: Int, _ first: Int,
    _ columns: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawPointer
  ) {
    let count = outputs / groups
    let weights = operands.input(1, as: Float.self) + group * count * depth
    let y = operands.output(as: Float.self)
    if isChannelsLast {
      products.product.run(
        a: columns, lda: depth, b: weights, ldb: depth,
        c: y + (image * pixels + first) * outputs + group * count, ldc: outputs, scratch: scratch,
        pool: operands.pool)
    } else {
      products.product.run(
        a: weights, lda: depth, b: columns, ldb: depth,
        c: y + (image * outputs + group * count) * pixels + first, ldc: pixels, scratch: scratch,
        pool: operands.pool)
    }
  }

  /// Writes the windows of `count` output pixels from `first` on, a row each: channels, then taps.
  private func gather(
    _ operands: Operands, _ image: Int, _ group: Int, _ first: Int, _ count: Int
  ) {
    let inGroup = channels / groups
    let plane = window.axes.reduce(1) { $0 * $1.input }
    let channelStep = isChannelsLast ? 1 : plane
    let pixelStep = isChannelsLast ? channels : 1
    operands.split(count, grain: max(1, 4096 / max(1, depth))) { rows in
      let start = image * channels * plane + group * inGroup * channelStep
      let from = operands.input(0, as: Float.self) + start
      let columns = operands.scratch.assumingMemoryBound(to: Float.self)
      for row in rows {
        let target = columns + row * depth
        for tap in 0..<taps {
          let place = place(of: first + row, tap)
          for channel in 0..<inGroup {
            target[channel * taps + tap] =
              place < 0 ? 0 : from[place * pixelStep + channel * channelStep]
          }
        }
      }
    }
  }

  /// The input pixel that tap `tap` of the window of output `pixel` reads, or -1 outside.
  private func place(of pixel: Int, _ tap: Int) -> Int {
    var (pixel, tap) = (pixel, tap)
    var (place, step) = (0, 1)
    var index = window.axes.count - 1
    while index >= 0 {
      let axis = window.axes[index]
      let entry = axis.start(pixel % axis.output) + tap % axis.kernel * axis.dilation
      if entry < 0 || entry >= axis.input { return -1 }
      place += entry * step
      step *= axis.input
      pixel /= axis.output
      tap /= axis.kernel
      index -= 1
    }
    return place
  }

  /// Adds bias and residual, and applies the activation.
  private func finish(_ operands: Operands) {
    if !hasBias, !hasResidual, bounds == (-.infinity, .infinity) { return }
    let (step, count) = isChannelsLast ? (1, outputs) : (pixels, outputs * pixels)
    operands.split(batch * outputs * pixels, grain: 1 << 14) { range in
      let y = operands.output(as: Float.self)
      for i in range {
        var value = y[i]
        if hasBias { value += operands.input(2, as: Float.self)[i % count / step] }
        if hasResidual { value += operands.input(3, as: Float.self)[i] }
        y[i] = min(max(value, bounds.0), bounds.1)
      }
    }
  }
}
