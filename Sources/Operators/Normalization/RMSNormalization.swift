import Kernels
import ModelFormat

extension Operator {
  /// RMSNormalization: `x / sqrt(mean(x * x) + epsilon) * scale` over the dimensions from `axis` on.
  ///
  /// Inputs: x, and a scale with one element for each that is normalized together, or one alone.
  /// Attributes: `axis` (-1) and `epsilon` (1e-5); it computes in float32, as `stash_type` (1) says.
  static let rmsNormalization = Operator(
    "RMSNormalization", since: 23, inputs: 2...2,
    infer: { facts throws(OperatorError) in
      try facts.requireRow(1, from: try facts.normalizedAxis())
      return [try facts.sameAsInput()]
    },
    prepare: prepareRMSNormalization)
}

private func prepareRMSNormalization(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32])
  try facts.require(try facts.input(1), "the scale", among: [.float32])
  let epsilon = try facts.float("epsilon", default: 1e-5)
  let size = x.shape.dimensions[try facts.normalizedAxis()...].reduce(1, &*)
  let rows = size == 0 ? 0 : x.count / size
  let step = try facts.input(1).count == 1 ? 0 : 1
  return Execution(kernel: "rmsnorm", overwrites: 0) { operands in
    operands.split(rows, grain: max(1, (1 << 12) / max(1, size))) { range in
      let scale = operands.input(1, as: Float.self)
      for row in range {
        let x = operands.input(0, as: Float.self) + row &* size
        let y = operands.output(as: Float.self) + row &* size
        let mean = squaredDeviation(x, size, from: 0) / Float(size)
        let inverse = 1 / (mean + epsilon).squareRoot()
        for i in 0..<size { y[i] = x[i] * inverse * scale[i &* step] }
      }
    }
  }
}
