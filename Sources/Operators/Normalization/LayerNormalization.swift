import Kernels
import ModelFormat

extension Operator {
  /// LayerNormalization: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, mean and variance
  /// being those of the dimensions from `axis` on.
  ///
  /// Inputs: x, and scale and optionally bias, with one element for each that is normalized together,
  /// or one alone. Quantized uint8 x gives quantized y, with constant scale and bias. Outputs: y, and optionally mean and `1 / sqrt(variance + epsilon)`. Attributes:
  /// `axis` (-1) and `epsilon` (1e-5); it computes in float32, as `stash_type` (1) says.
  static let layerNormalization = Operator(
    "LayerNormalization", since: 17, inputs: 2...3, outputs: 1...3, quantization: .integer,
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
  if x.quantization != nil { return try quantizedLayerNormalization(facts) }
  for index in 0..<facts.inputs.count where facts.optionalInput(index) != nil {
    try facts.require(try facts.input(index), "input \(index)", among: [.float32])
  }
  let epsilon = try facts.float("epsilon", default: 1e-5)
  let axis = try facts.normalizedAxis()
  let size = x.shape.dimensions[axis...].reduce(1, &*)
  let rows = size == 0 ? 0 : x.count / size
  let hasBias = facts.optionalInput(2) != nil
  // One number for all is spread out before each run.
  let spreadsScale = try facts.input(1).count == 1 && size > 1
  let spreadsBias = facts.optionalInput(2)?.count == 1 && size > 1
  let givesMean = facts.wantsOutput(1)
  let givesInverse = facts.wantsOutput(2)
  let kernel = LayerNormalizationKernel.best
  let scratch = spreadsScale || spreadsBias ? 2 * size * MemoryLayout<Float>.stride : 0
  return Execution(kernel: kernel.names.float, scratchBytes: scratch, overwrites: 0) { operands in
    let spread = operands.scratch.assumingMemoryBound(to: Float.self)
    if spreadsScale { spread.update(repeating: operands.input(1)[0], count: size) }
    if spreadsBias { (spread + size).update(repeating: operands.input(2)[0], count: size) }
    operands.split(rows, grain: max(1, (1 << 12) / max(1, size))) { range in
      let first = range.lowerBound
      let spread = UnsafePointer(operands.scratch.assumingMemoryBound(to: Float.self))
      kernel.run(
        rows: range.count, count: size, operands.input(0, as: Float.self) + first &* size,
        to: operands.output(as: Float.self) + first &* size,
        scale: spreadsScale ? spread : operands.input(1),
        bias: hasBias ? (spreadsBias ? spread + size : operands.input(2)) : nil, epsilon: epsilon,
        means: givesMean ? operands.output(1, as: Float.self) + first : nil,
        inverses: givesInverse ? operands.output(2, as: Float.self) + first : nil)
    }
  }
}

/// uint8 in and out; scale and bias are constant, and brought to steps of the output's scale.
private func quantizedLayerNormalization(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  let from = try x.affine("the input")
  let to = try facts.outputAffine()
  guard facts.node.outputs.count == 1 else {
    throw .unsupported("a quantized input with more than one output")
  }
  let epsilon = try facts.float("epsilon", default: 1e-5)
  let size = x.shape.dimensions[try facts.normalizedAxis()...].reduce(1, &*)
  let rows = size == 0 ? 0 : x.count / size
  let scale = try facts.normalizationRow(1, "the scale", size, to.scale)
  let bias = try facts.normalizationRow(2, "the bias", size, to.scale)
  let kernel = LayerNormalizationKernel.best
  return Execution(kernel: kernel.names.byte, overwrites: 0, packedInputs: [1, 2]) { operands in
    operands.split(rows, grain: max(1, (1 << 14) / max(1, size))) { range in
      let first = range.lowerBound &* size
      scale.withUnsafeBufferPointer { scale in
        bias.withUnsafeBufferPointer { bias in
          guard let scale = scale.baseAddress, let bias = bias.baseAddress else { return }
          kernel.run(
            rows: range.count, count: size, operands.input(0, as: UInt8.self) + first,
            to: operands.output(as: UInt8.self) + first, scale: scale, bias: bias,
            epsilon: epsilon, input: from.stored, zeroPoint: to.stored.zeroPoint)
        }
      }
    }
  }
}

extension NodeFacts {
  /// The numbers of constant input `index` in steps of `unit`, one for each of a row of `size`; zeros
  /// where the input is left out.
  fileprivate func normalizationRow(
    _ index: Int, _ operand: String, _ size: Int, _ unit: Double
  ) throws(OperatorError) -> [Float] {
    let numbers = try constantFloats(index, operand) ?? [0]
    guard numbers.count == 1 || numbers.count == size else {
      throw .shapeMismatch("\(operand) has \(numbers.count) elements, but a row has \(size)")
    }
    return (0..<size).map { Float(Double(numbers[numbers.count == 1 ? 0 : $0]) / unit) }
  }
}
