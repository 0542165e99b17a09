import Kernels
import ModelFormat

extension Operator {
  /// BatchNormalization: `(x - mean) / sqrt(variance + epsilon) * scale + bias`.
  ///
  /// Inputs: x (N, C, ...), and scale, bias, mean and variance, each of C elements. Attributes:
  /// `epsilon` (1e-5); with `training_mode` 1, mean and variance are those of x itself, and two more
  /// outputs move the inputs towards them by 1 - `momentum` (0.9).
  static let batchNormalization = Operator(
    "BatchNormalization", since: 15, inputs: 5...5, outputs: 1...3, layout: .follow,
    infer: inferBatchNormalization, prepare: prepareBatchNormalization)
}

private func inferBatchNormalization(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let x = try facts.input(0)
  guard x.shape.rank >= 1 else { throw .rank(operand: "input", found: 0, expected: "1 or more") }
  for index in 1...4 { try facts.requireVector(index, count: channels(x)) }
  let y = try facts.sameAsInput()
  guard try facts.int("training_mode", default: 0) != 0 else { return [y] }
  let running = ValueFacts(type: x.type, shape: [channels(x)])
  return Array([y, running, running].prefix(max(1, facts.node.outputs.count)))
}

private func channels(_ x: ValueFacts) -> Int { x.shape.rank > 1 ? x.shape[1] : 1 }

private func prepareBatchNormalization(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  for index in 0...4 {
    try facts.require(try facts.input(index), "input \(index)", among: [.float32])
  }
  if try facts.int("training_mode", default: 0) != 0 {
    return try BatchStatistics(facts).execution()
  }
  let epsilon = try facts.float("epsilon", default: 1e-5)
  let channels = channels(x)
  let isChannelsLast = x.physicalAxis(1) == 3 && x.shape.rank == 4
  let inner = isChannelsLast ? 1 : x.shape.dimensions.dropFirst(2).reduce(1, &*)
  let rows = isChannelsLast ? x.count / max(1, channels) : x.count / max(1, inner)
  return Execution(kernel: "batchnorm", scratchBytes: channels * 8, overwrites: 0) { operands in
    // x * factor + offset
    let factors = operands.scratch.assumingMemoryBound(to: Float.self)
    let offsets = factors + channels
    for c in 0..<channels {
      let deviation = (operands.input(4, as: Float.self)[c] + epsilon).squareRoot()
      factors[c] = operands.input(1, as: Float.self)[c] / deviation
      offsets[c] =
        operands.input(2, as: Float.self)[c] - operands.input(3, as: Float.self)[c] * factors[c]
    }
    operands.split(rows, grain: max(1, (1 << 14) / max(1, isChannelsLast ? channels : inner))) {
      range in
      let factors = UnsafePointer(operands.scratch.assumingMemoryBound(to: Float.self))
      let offsets = factors + channels
      for row in range {
        if isChannelsLast {
          let x = operands.input(0, as: Float.self) + row &* channels
          let y = operands.output(as: Float.self) + row &* channels
          for c in 0..<channels { y[c] = x[c] * factors[c] + offsets[c] }
        } else {
          let x = operands.input(0, as: Float.self) + row &* inner
          let y = operands.output(as: Float.self) + row &* inner
          let (factor, offset) = (factors[row % channels], offsets[row % channels])
          for i in 0..<inner { y[i] = x[i] * factor + offset }
        }
      }
    }
  }
}
