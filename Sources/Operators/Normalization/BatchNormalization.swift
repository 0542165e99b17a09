import Kernels
import ModelFormat

extension Operator {
  /// BatchNormalization: `(x - mean) / sqrt(variance + epsilon) * scale + bias`.
  ///
  /// Inputs: x (N, C, ...), and scale, bias, mean and variance, each of C elements. Attributes:
  /// `epsilon` (1e-5); with `training_mode` 1, mean and variance are those of x itself, and two more
  /// outputs move the inputs towards them by 1 - `momentum` (0.9). Beyond ONNX: `activation`, as that of
  /// Conv, and quantized uint8, with constant parameters.
  static let batchNormalization = Operator(
    "BatchNormalization", since: 15, inputs: 5...5, outputs: 1...3, layout: .follow,
    quantization: .integer, infer: inferBatchNormalization, prepare: prepareBatchNormalization)
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
  if x.quantization != nil { return try quantizedBatchNormalization(facts) }
  for index in 0...4 {
    try facts.require(try facts.input(index), "input \(index)", among: [.float32])
  }
  if try facts.int("training_mode", default: 0) != 0 {
    return try BatchStatistics(facts).execution()
  }
  let epsilon = try facts.float("epsilon", default: 1e-5)
  let bounds = try facts.activationBounds()
  let channels = channels(x)
  let isChannelsLast = x.physicalAxis(1) == 3 && x.shape.rank == 4
  let inner = isChannelsLast ? 1 : x.shape.dimensions.dropFirst(2).reduce(1, &*)
  let rows = isChannelsLast ? x.count / max(1, channels) : x.count / max(1, inner)
  let kernel = AffineRows.best
  let vectors = VectorKernels.best
  return Execution(
    kernel: kernel.names.float, scratchBytes: channels * 8, overwrites: 0
  ) { operands in
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
      if isChannelsLast {
        let first = range.lowerBound &* channels
        kernel.run(
          rows: range.count, count: channels, operands.input(0, as: Float.self) + first,
          to: operands.output(as: Float.self) + first, scale: factors, bias: offsets,
          clamp: bounds)
        return
      }
      for row in range {
        let y = operands.output(as: Float.self) + row &* inner
        let operation = UnaryOperation.affine(
          scale: factors[row % channels], offset: offsets[row % channels])
        vectors.apply(
          operation, operands.input(0, as: Float.self) + row &* inner, to: y, count: inner)
        if bounds.0 > -.infinity || bounds.1 < .infinity {
          vectors.apply(.clamp(min: bounds.0, max: bounds.1), y, to: y, count: inner)
        }
      }
    }
  }
}

/// uint8 in and out; all parameters are constant, and brought to steps of the output's scale.
private func quantizedBatchNormalization(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  let from = try x.affine("the input")
  let to = try facts.outputAffine()
  guard try facts.int("training_mode", default: 0) == 0 else {
    throw .unsupported("a quantized input in training")
  }
  let epsilon = try facts.float("epsilon", default: 1e-5)
  let channels = channels(x)
  var rows: [[Float]] = []
  for index in 1...4 {
    let row = try facts.constantFloats(index, "input \(index)") ?? []
    guard row.count == channels else {
      throw .shapeMismatch(
        "input \(index) has \(row.count) elements, but there are \(channels) channels")
    }
    rows.append(row)
  }
  let factors = (0..<channels).map {
    Double(rows[0][$0]) / Double(rows[3][$0] + epsilon).squareRoot()
  }
  let scale = factors.map { Float($0 * from.scale / to.scale) }
  let bias = (0..<channels).map { c in
    Float((Double(rows[1][c]) - Double(rows[2][c]) * factors[c]) / to.scale)
  }
  let bounds = try facts.activationBounds()
  let (least, most) = (to.stored(Double(bounds.0)), to.stored(Double(bounds.1)))
  let kernel = AffineRows.best
  guard x.shape.rank == 4, x.layout == .channelsLast else {
    let rounding = ByteRounding(zero: to.stored.zeroPoint, least: least, most: most)
    let inner = x.shape.dimensions.dropFirst(2).reduce(1, &*)
    let rows = x.count / max(1, inner)
    return Execution(
      kernel: "batchnorm_u8", overwrites: 0, packedInputs: [1, 2, 3, 4]
    ) { operands in
      operands.split(rows, grain: max(1, (1 << 14) / max(1, inner))) { range in
        for row in range {
          let x = operands.input(0, as: UInt8.self) + row &* inner
          let y = operands.output(as: UInt8.self) + row &* inner
          let c = row % channels
          for i in 0..<inner {
            y[i] = rounding(Float(Int32(x[i]) &- Int32(from.zero)) * scale[c] + bias[c])
          }
        }
      }
    }
  }
  let pixels = x.count / max(1, channels)
  return Execution(
    kernel: kernel.names.byte, overwrites: 0, packedInputs: [1, 2, 3, 4]
  ) { operands in
    operands.split(pixels, grain: max(1, (1 << 14) / max(1, channels))) { range in
      let first = range.lowerBound &* channels
      scale.withUnsafeBufferPointer { scale in
        bias.withUnsafeBufferPointer { bias in
          guard let scale = scale.baseAddress, let bias = bias.baseAddress else { return }
          kernel.run(
            rows: range.count, count: channels, operands.input(0, as: UInt8.self) + first,
            to: operands.output(as: UInt8.self) + first, scale: scale, bias: bias,
            inputZero: from.stored.zeroPoint, zero: to.stored.zeroPoint, least: least, most: most)
        }
      }
    }
  }
}
