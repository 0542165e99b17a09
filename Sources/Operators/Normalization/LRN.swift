import Kernels
import ModelFormat

extension Operator {
  /// LRN: `x / (bias + alpha / size * sum of squares) ^ beta`, the sum being over the `size`
  /// neighbouring channels.
  ///
  /// Input: x (N, C, ...). Attributes: `size`, `alpha` (1e-4), `beta` (0.75) and `bias` (1).
  static let lrn = Operator(
    "LRN", since: 13, inputs: 1...1, layout: .follow, infer: inferLRN,
    scans: { facts in
      guard let x = facts.optionalInput(0), let size = try? facts.int("size", default: 0),
        x.shape.rank >= 2
      else { return 0 }
      return .saturatingProduct(x.count, Swift.min(size, x.shape[1]))
    },
    prepare: prepareLRN)
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
  // Neighbours in memory: the pixels of one channel, or the channels of one pixel.
  let run = isChannelsLast ? channels : pixels
  let before = (size - 1) / 2
  return Execution(kernel: "lrn") { operands in
    operands.split(run == 0 ? 0 : x.count / run, grain: max(1, (1 << 12) / max(1, run))) { range in
      for line in range {
        let from = operands.input(0, as: Float.self) + line &* run
        let sums = operands.output(as: Float.self) + line &* run
        for i in 0..<run { sums[i] = 0 }
        for distance in max(-before, 1 - channels)...min(size - 1 - before, channels - 1) {
          if isChannelsLast {
            for c in max(0, -distance)..<min(run, run - distance) {
              sums[c] += from[c + distance] * from[c + distance]
            }
          } else if (0..<channels).contains(line % channels + distance) {
            let neighbours = from + distance &* run
            for i in 0..<run { sums[i] += neighbours[i] * neighbours[i] }
          }
        }
        if beta == 0.75 {
          for i in 0..<run {
            let root = (bias + alpha * sums[i]).squareRoot()
            sums[i] = from[i] / (root * root.squareRoot())
          }
        } else {
          for i in 0..<run { sums[i] = from[i] * Float.power(bias + alpha * sums[i], -beta) }
        }
      }
    }
  }
}
