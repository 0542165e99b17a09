import Kernels
import ModelFormat

extension Operator {
  /// LayerNormalization: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, mean and variance
  /// being those of the dimensions from `axis` on.
  ///
  /// Inputs: x, and scale and optionally bias, with one element for each that is normalized together,
  /// or one alone. Outputs: y, and optionally mean and `1 / sqrt(variance + epsilon)`. Attributes:
  /// `axis` (-1) and `epsilon` (1e-5); it computes in float32, as `stash_type` (1) says.
  static let layerNormalization = Operator(
    "LayerNormalization", since: 17, inputs: 2...3, outputs: 1...3,
    infer: inferLayerNormalization, prepare: prepareLayerNormalization)
}

private func inferLayerNormalization(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let axis = try facts.normalizedAxis()
  for index in 1...2 where facts.optionalInput(index) != nil {
    try facts.requireRow(index, from: axis)
  }
  let y = try facts.sameAsInput()
  var statistics = y
  for i in axis..<y.shape.rank { statistics.shape[i] = 1 }
  guard statistics.shape.checkedCount != nil else {
    throw .shapeMismatch("the result \(statistics.shape) is too large")
  }
  let outputs = [y, statistics, statistics]
  return [ValueFacts](outputs.prefix(max(1, facts.node.outputs.count)))
}

private func prepareLayerNormalization(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  for index in 0..<facts.inputs.count where facts.optionalInput(index) != nil {
    try facts.require(try facts.input(index), "input \(index)", among: [.float32])
  }
  let epsilon = try facts.float("epsilon", default: 1e-5)
  let axis = try facts.normalizedAxis()
  let size = x.shape.dimensions[axis...].reduce(1, &*)
  let rows = size == 0 ? 0 : x.count / size
  let scaleStep = try facts.input(1).count == 1 ? 0 : 1
  let bias = facts.optionalInput(2)
  let biasStep = bias?.count == 1 ? 0 : 1
  let outputs = facts.node.outputs
  let givesMean = outputs.count > 1 && outputs[1] != nil
  let givesInverse = outputs.count > 2 && outputs[2] != nil
  return Execution(kernel: "layernorm", overwrites: 0) { operands in
    operands.split(rows, grain: max(1, (1 << 12) / max(1, size))) { range in
      let scale = operands.input(1, as: Float.self)
      for row in range {
        let x = operands.input(0, as: Float.self) + row &* size
        let y = operands.output(as: Float.self) + row &* size
        let (mean, inverse) = statistics(x, size, epsilon)
        if bias == nil {
          for i in 0..<size { y[i] = (x[i] - mean) * inverse * scale[i &* scaleStep] }
        } else if scaleStep == 1, biasStep == 1 {
          let bias = operands.input(2, as: Float.self)
          for i in 0..<size { y[i] = (x[i] - mean) * inverse * scale[i] + bias[i] }
        } else {
          let bias = operands.input(2, as: Float.self)
          for i in 0..<size {
            y[i] = (x[i] - mean) * inverse * scale[i &* scaleStep] + bias[i &* biasStep]
          }
        }
        if givesMean { operands.output(1, as: Float.self)[row] = mean }
        if givesInverse { operands.output(2, as: Float.self)[row] = inverse }
      }
    }
  }
}
