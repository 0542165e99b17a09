import Kernels
import ModelFormat

extension Operator {
  /// GroupNormalization: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, mean and variance
  /// being those of one group of channels of one item.
  ///
  /// Inputs: x (N, C, ...), and scale and bias of C elements. Attributes: `num_groups`, which divides
  /// C, and `epsilon` (1e-5); it computes in float32, as `stash_type` (1) says.
  static let groupNormalization = Operator(
    "GroupNormalization", since: 21, inputs: 3...3,
    infer: { facts throws(OperatorError) in
      try facts.inferGrouped(groups: try facts.int("num_groups", default: 0))
    },
    prepare: { facts throws(OperatorError) in
      try facts.groupNormalization("groupnorm", groups: try facts.int("num_groups", default: 0))
    })
}

extension NodeFacts {
  /// The output's facts for a normalization of groups of channels; nil means one channel a group.
  func inferGrouped(groups: Int?) throws(OperatorError) -> [ValueFacts] {
    let x = try input(0)
    guard x.shape.rank >= 2 else {
      throw .rank(operand: "input", found: x.shape.rank, expected: "2 or more")
    }
    try requireVector(1, count: x.shape[1])
    try requireVector(2, count: x.shape[1])
    if let groups {
      guard groups > 0, x.shape[1] % groups == 0 else {
        throw .attribute(name: "num_groups", problem: "is \(groups), for \(x.shape[1]) channels")
      }
    }
    return [try sameAsInput()]
  }

  /// An execution that normalizes each of `groups` groups of channels, row-major.
  func groupNormalization(_ kernel: String, groups: Int) throws(OperatorError) -> Execution {
    let x = try input(0)
    for index in 0...2 { try require(try input(index), "input \(index)", among: [.float32]) }
    let epsilon = try float("epsilon", default: 1e-5)
    let inner = x.shape.dimensions.dropFirst(2).reduce(1, &*)
    let channels = groups == 0 ? 0 : x.shape[1] / groups
    let size = inner &* channels
    let rows = size == 0 ? 0 : x.shape[0] &* groups
    return Execution(kernel: kernel, overwrites: 0) { operands in
      operands.split(rows, grain: max(1, (1 << 13) / max(1, size))) { range in
        let scale = operands.input(1, as: Float.self)
        let bias = operands.input(2, as: Float.self)
        for row in range {
          let x = operands.input(0, as: Float.self) + row &* size
          let y = operands.output(as: Float.self) + row &* size
          let (mean, inverse) = statistics(x, size, epsilon)
          let first = row % groups &* channels
          for c in 0..<channels {
            let factor = inverse * scale[first + c]
            let shift = bias[first + c]
            for i in (c &* inner)..<(c &* inner &+ inner) {
              y[i] = (x[i] - mean) * factor + shift
            }
          }
        }
      }
    }
  }
}
