import Kernels
import ModelFormat

extension Operator {
  /// ONNX Runtime's MatMulNBits: a product with constant weights of 2, 4 or 8 bits, scaled in blocks,
  /// as `a · wᵀ + bias`.
  ///
  /// Inputs: a (..., K) in float32; w (N, blocks, bytes of a block) in uint8, elements from the low
  /// bits up; scales, one for each block of each row; optionally zero points, packed as the weights are
  /// with whole bytes for each row, or as real numbers (2^(bits - 1) where left out); optionally a bias
  /// of N elements. Attributes: `K`, `N`, `bits` (4), `block_size`, a power of two. The weights stay
  /// packed in the file; preparation unpacks them.
  static let matMulNBits = Operator(
    "com.microsoft.MatMulNBits", since: 1, inputs: 3...5, infer: inferMatMulNBits,
    multiplyAccumulates: { facts in
      guard let weights = try? BlockWeights(facts), let a = facts.optionalInput(0) else { return 0 }
      return .saturatingProduct(a.count, weights.rows)
    },
    prepare: prepareMatMulNBits)
}

private func inferMatMulNBits(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let a = try facts.input(0)
  let weights = try BlockWeights(facts)
  guard a.shape.rank >= 1, a.shape[a.shape.rank - 1] == weights.depth else {
    throw .shapeMismatch("input A \(a.shape) has no rows of \(weights.depth)")
  }
  return [try facts.result(a.type, a.shape.dimensions.dropLast() + [weights.rows])]
}

private func prepareMatMulNBits(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let a = try facts.input(0)
  try facts.require(a, "input A", among: [.float32])
  let packed = try BlockWeights(facts)
  if try facts.output().count == 0 { return .nothing }
  let weights = try packed.unpacked(facts)
  let bias = try facts.constantFloats(4, "the bias")
  let geometry = ConvolutionGeometry(
    inputHeight: 1, inputWidth: a.count / packed.depth, inputChannels: packed.depth,
    outputChannels: packed.rows)
  let product = PackedProduct.float(
    geometry, weights, bias, (-Float.infinity, Float.infinity))
  let run = product.run
  return Execution(
    kernel: product.kernel, scratch: product.scratch, packedInputs: [1, 2, 3, 4]
  ) { operands in
    run(
      PackedProduct.Addresses(
        input: operands.rawInput(0), output: operands.rawOutput(), scratch: operands.scratch,
        pool: operands.pool))
  }
}
