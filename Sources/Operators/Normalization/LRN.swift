import Kernels
import ModelFormat

extension Operator {
  /// LRN: `x / (bias + alpha / size * sum of squares) ^ beta`, the sum being over the `size`
  /// neighbouring channels.
  ///
  /// Input: x (N, C, ...). Attributes: `size`, `alpha` (1e-4), `beta` (0.75) and `bias` (1).
  static let lrn = Operator(
    "LRN", since: 13, inputs: 1...1, layout: .follow, infer: inferLRN, prepare: prepareLRN)
}

private func inferLRN(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let x = try facts.input(0)
  guard x.shape.rank >= 2 else {
    throw .rank(operand: "input", found: x.shape.rank, expected: "2 or more")
  }
  let size = try facts.int("size", default: 0)
  guard size > 0, size <= Limits.extent else {
    throw .attribute(name: "size", problem: "is \(size), but must be above zero")
  }
  return [try facts.sameAsInput()]
}

private func prepareLRN(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32])
  let size = try facts.int("size", default: 0)
  let alpha = try facts.float("alpha", default: 1e-4) / Float(size)
  let beta = try facts.float("beta", default: 0.75)
  let bias = try facts.float("bias", default: 1)
  let channels = x.shape[1]
  let pixels = x.shape.dimensions.dropFirst(2).reduce(1, &*)
  let isChannelsLast = x.shape.rank == 4 && x.layout == .channelsLast
  let channelStride = isChannelsLast ? 1 : pixels
  let pixelStride = isChannelsLast ? channels : 1
  let before = (size - 1) / 2
  return Execution(kernel: "lrn") { operands in
    operands.split(x.shape[0] &* channels, grain: 1) { range in
      for plane in range {
        let (item, channel) = plane.quotientAndRemainder(dividingBy: channels)
        let start = item &* channels &* pixels
        let from = operands.input(0, as: Float.self) + start
        let to = operands.output(as: Float.self) + start
        let first = max(0, channel - before)
        let end = min(channels, channel - before + size)
        for pixel in 0..<pixels {
          var sum: Float = 0
          for c in first..<end {
            let value = from[c &* channelStride &+ pixel &* pixelStride]
            sum += value * value
          }
          let base = bias + alpha * sum
          let position = channel &* channelStride &+ pixel &* pixelStride
          to[position] = from[position] * inversePower(base, beta)
        }
      }
    }
  }
}

/// `base` to the power of `-beta`, for the usual 0.75 by two square roots.
@inline(__always)
private func inversePower(_ base: Float, _ beta: Float) -> Float {
  if beta == 0.75 {
    let root = base.squareRoot()
    return 1 / (root * root.squareRoot())
  }
  return Float.power(base, -beta)
}
