import ModelFormat

extension Operator {
  /// QLinearConv: the convolution of a quantized image, quantized.
  ///
  /// Inputs: x, scale, zero point; w, scales, zero points (one, or one for each filter); scale and zero
  /// point of the output; bias (int32, in units of the product of x's and w's scales). Attributes:
  /// those of `SpatialWindow`, and `group`. The sums are int32; they are requantized in float32.
  static let qLinearConv = Operator(
    "QLinearConv", since: 10, inputs: 8...9,
    infer: { facts throws(OperatorError) in
      [
        try facts.result(
          try facts.input(7).type, try IntegerConvolution(facts, x: 0, w: 3).outputs)
      ]
    },
    multiplyAccumulates: { facts in
      (try? IntegerConvolution(facts, x: 0, w: 3).multiplyAccumulates) ?? 0
    },
    prepare: prepareQLinearConv)
}

private func prepareQLinearConv(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let convolution = try IntegerConvolution(facts, x: 0, w: 3)
  let filters = convolution.filters
  let x = try IntegerFactor(facts, 0, "input", zero: 2, count: 1)
  let w = try IntegerFactor(facts, 3, "weights", zero: 5, count: filters)
  let result = try FloatRequantization(facts, a: 1, rows: 1, b: 4, columns: filters, y: 6, zero: 7)
  if let bias = facts.optionalInput(8) {
    try facts.require(bias, "bias", among: [.int32])
    guard bias.count == filters else {
      throw .shapeMismatch("the bias has \(bias.count) entries, but must have \(filters)")
    }
  }
  if try facts.output().count == 0 { return .nothing }
  let bias = facts.optionalInput(8) == nil ? nil : 8
  return convolution.execution(kernel: "qlinear conv", x, w, bias: bias) {
    sums, count, operands, offset, filter in
    result.store(sums, count: count, operands, at: offset, row: 0, column: filter, step: 0)
  }
}
