import ModelFormat

extension Operator {
  /// ConvInteger: the convolution of 8-bit images and filters, less their zero points, as int32.
  ///
  /// Inputs: x, w (uint8 or int8), zero point of x, zero points of w (one, or one for each filter).
  /// Attributes: those of `SpatialWindow`, and `group`.
  static let convInteger = Operator(
    "ConvInteger", since: 10, inputs: 2...4,
    infer: { facts throws(OperatorError) in
      [try facts.result(.int32, try IntegerConvolution(facts, x: 0, w: 1).outputs)]
    },
    multiplyAccumulates: { facts in
      (try? IntegerConvolution(facts, x: 0, w: 1).multiplyAccumulates) ?? 0
    },
    prepare: prepareConvInteger)
}

private func prepareConvInteger(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let convolution = try IntegerConvolution(facts, x: 0, w: 1)
  let x = try IntegerFactor(facts, 0, "input", zero: 2, count: 1)
  let w = try IntegerFactor(facts, 1, "weights", zero: 3, count: convolution.filters)
  if try facts.output().count == 0 { return .nothing }
  return convolution.execution(kernel: "conv integer", x, w, bias: nil) {
    sums, count, operands, offset, _ in
    (operands.output(as: Int32.self) + offset).update(from: sums, count: count)
  }
}
