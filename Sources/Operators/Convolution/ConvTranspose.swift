import Kernels
import ModelFormat

extension Operator {
  /// ConvTranspose: the gradient of a convolution with respect to its input; learned upsampling.
  ///
  /// Inputs: image (one to three spatial dimensions), weights (channels in, channels out of a group,
  /// kernel), bias. Attributes: those of `TransposedWindow`, and `group`. float32.
  static let convTranspose = Operator(
    "ConvTranspose", since: 22, inputs: 2...3, infer: inferConvTranspose,
    multiplyAccumulates: { facts in
      guard let image = facts.optionalInput(0), let weights = facts.optionalInput(1),
        image.shape.rank >= 2
      else { return 0 }
      return .saturatingProduct(image.count / Swift.max(1, image.shape[1]), weights.count)
    },
    prepare: prepareConvTranspose)
}

/// The extents of a transposed convolution; an image of one dimension has a height of one.
private struct TransposedConvolution: Sendable {
  var batch: Int
  var channelsIn: Int
  var channelsOut: Int
  var groups: Int
  var rows: TransposedWindow.Axis
  var columns: TransposedWindow.Axis
  var outputs: [Int]

  init(_ facts: NodeFacts) throws(OperatorError) {
    let image = try facts.input(0).shape
    let weights = try facts.input(1).shape
    guard image.rank == 3 || image.rank == 4 else {
      throw .rank(operand: "input", found: image.rank, expected: "3 to 5")
    }
    guard weights.rank == image.rank else {
      throw .rank(operand: "weights", found: weights.rank, expected: "\(image.rank)")
    }
    groups = try facts.int("group", default: 1)
    guard groups >= 1, groups <= Limits.extent, image[1] % groups == 0, weights[0] == image[1]
    else {
      throw .shapeMismatch("weights \(weights) of \(groups) groups do not fit images \(image)")
    }
    let (channels, overflow) = weights[1].multipliedReportingOverflow(by: groups)
    guard !overflow else { throw .shapeMismatch("there are too many channels") }
    let window = try TransposedWindow(
      facts, over: Array(image.dimensions[2...]), kernel: Array(weights.dimensions[2...]))
    (batch, channelsIn, channelsOut) = (image[0], image[1], channels)
    outputs = [batch, channels] + window.axes.map({ $0.output })
    rows = window.axes.count == 1 ? .one : window.axes[0]
    columns = window.axes[window.axes.count - 1]
    if let bias = facts.optionalInput(2), bias.count != channelsOut {
      throw .shapeMismatch("the bias has \(bias.count) entries, but must have \(channelsOut)")
    }
  }
}

private func inferConvTranspose(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let image = try facts.input(0)
  let outputs =
    image.shape.rank == 5
    ? try GeneralTransposedConvolution(facts).outputs : try TransposedConvolution(facts).outputs
  return [try facts.result(image.type, outputs)]
}

private func prepareConvTranspose(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  for index in facts.inputs.indices where facts.inputs[index] != nil {
    try facts.require(
      try facts.input(index), ["input", "weights", "bias"][index], among: [.float32])
  }
  if try facts.input(0).shape.rank == 5 {
    let convolution = try GeneralTransposedConvolution(facts)
    return try facts.output().count == 0 ? .nothing : convolution.execution(facts)
  }
  let convolution = try TransposedConvolution(facts)
  let hasBias = facts.optionalInput(2) != nil
  if try facts.output().count == 0 { return .nothing }
  return Execution(kernel: "conv transpose") { operands in
    operands.pool.run(parts: convolution.batch * convolution.channelsOut) { plane in
      let filter = plane % convolution.channelsOut
      let size = convolution.rows.output * convolution.columns.output
      let to = operands.output(as: Float.self) + plane * size
      to.update(repeating: hasBias ? operands.input(2, as: Float.self)[filter] : 0, count: size)
      convolution.run(operands, plane / convolution.channelsOut, filter, to)
    }
  }
}

extension TransposedConvolution {
  /// Adds what all channels make of one output plane, four taps at a time.
  func run(
    _ operands: Operands, _ image: Int, _ filter: Int, _ to: UnsafeMutablePointer<Float>
  ) {
    let (inGroup, outGroup) = (channelsIn / groups, channelsOut / groups)
    let group = filter / outGroup
    let taps = rows.kernel * columns.kernel
    let plane = rows.input * columns.input
    let from =
      operands.input(0, as: Float.self) + (image * channelsIn + group * inGroup) * plane
    let weights =
      operands.input(1, as: Float.self) + (group * inGroup * outGroup + filter % outGroup) * taps
    for first in stride(from: 0, to: taps, by: 4) {
      // Past the last tap, the last one is computed again and left out.
      let places = SIMD4<Int>(
        first, min(first + 1, taps - 1), min(first + 2, taps - 1), min(first + 3, taps - 1))
      let count = min(4, taps - first)
      for row in 0..<rows.input {
        for column in stride(from: 0, to: columns.input, by: 8) {
          var sums = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
          var source = from + row * columns.input + column
          var weight = weights
          for _ in 0..<inGroup {
            // May read up to 28 bytes behind the image; the values are not used.
            let x = UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self)
            sums.0 += x * weight[places[0]]
            sums.1 += x * weight[places[1]]
            sums.2 += x * weight[places[2]]
            sums.3 += x * weight[places[3]]
            source += plane
            weight += outGroup * taps
          }
          scatter(sums.0, first, row, column, to)
          if count > 1 { scatter(sums.1, first + 1, row, column, to) }
          if count > 2 { scatter(sums.2, first + 2, row, column, to) }
          if count > 3 { scatter(sums.3, first + 3, row, column, to) }
        }
      }
    }
  }

  /// Adds up to eight neighbours of an input row to where tap `tap` puts them.
  @inline(__always)
  private func scatter(
    _ sums: SIMD8<Float>, _ tap: Int, _ row: Int, _ column: Int,
    _ to: UnsafeMutablePointer<Float>
  ) {
    let target = rows.start(tap / columns.kernel) + row * rows.stride
    guard target >= 0, target < rows.output else { return }
    let line = to + target * columns.output
    var place = columns.start(tap % columns.kernel) + column * columns.stride
    for lane in 0..<min(8, columns.input - column) {
      if place >= 0, place < columns.output { line[place] += sums[lane] }
      place += columns.stride
    }
  }
}
