import Kernels
import ModelFormat

extension Operator {
  /// Convolution over one to three spatial dimensions: `y[o] = b[o] + Σ w[o, i, k] · x[i, …]`.
  ///
  /// Inputs: x [N, C, (D, H,) W], weights [O, C/group, (KD, KH,) KW], bias [O] (optional), residual
  /// (optional, of y's shape). Weights and bias that are constant are packed for up to two dimensions. Attributes: those of ONNX; beyond them
  /// - `activation` ("Relu", or "Clip" with `activation_min` and `activation_max`), applied last;
  /// - the residual, added before the activation: float32, or uint8 with parameters of its own where
  ///   input and output are uint8;
  /// - `quantization` "dynamic": int8 weights, activations quantized at run time.
  ///
  /// A uint8 input with a scale is convolved in integers; the output is uint8 or float32 as stated.
  static let conv = Operator(
    "Conv", since: 22, inputs: 2...4, layout: .channelsLast, quantization: .integer,
    infer: inferConv, multiplyAccumulates: convMultiplyAccumulates, productSizes: convSizes,
    readsRowMajor: convReadsRowMajor, prepare: prepareConv)
}

/// The sizes of a convolution, one or two spatial dimensions alike.
private func geometry(_ facts: NodeFacts) throws(OperatorError) -> ConvolutionGeometry {
  let x = try facts.input(0).shape
  let w = try facts.input(1).shape
  guard x.rank == 3 || x.rank == 4 else {
    throw .rank(operand: "input", found: x.rank, expected: "3 or 4")
  }
  guard w.rank == x.rank else {
    throw .rank(operand: "weights", found: w.rank, expected: "\(x.rank) as the input")
  }
  let group = try facts.int("group", default: 1)
  guard group >= 1, group <= max(1, x[1]) else {
    throw .attribute(name: "group", problem: "is \(group)")
  }
  guard w[1] <= x[1], w[1] * group == x[1] else {
    throw .shapeMismatch(
      "weights \(w) in \(group) groups do not fit an input \(x) with \(x[1]) channels")
  }
  guard w[0] >= 1, w[0] % group == 0, w[1] >= 1 else {
    throw .shapeMismatch("\(w[0]) output channels cannot be split into \(group) groups")
  }
  if let bias = facts.optionalInput(2)?.shape, bias.count != w[0] {
    throw .shapeMismatch("bias \(bias) does not fit \(w[0]) output channels")
  }
  var kernel = Array(w.dimensions[2...])
  let window = try SpatialWindow(facts, over: Array(x.dimensions[2...]), kernel: kernel)
  let columns = window.axes[window.axes.count - 1]
  let rows = window.axes.count == 2 ? window.axes[0] : SpatialWindow.Axis(input: 1, kernel: 1)
  if kernel.count == 1 { kernel.insert(1, at: 0) }
  return ConvolutionGeometry(
    batch: x[0], inputHeight: rows.input, inputWidth: columns.input, inputChannels: x[1],
    outputChannels: w[0], kernelHeight: kernel[0], kernelWidth: kernel[1],
    strideHeight: rows.stride, strideWidth: columns.stride, dilationHeight: rows.dilation,
    dilationWidth: columns.dilation, padTop: rows.before, padLeft: columns.before,
    padBottom: rows.after, padRight: columns.after, groups: group)
}

/// Whether the node is one of those that `GeneralConvolution` computes: of three dimensions, empty, or
/// with weights or a bias that are no constants.
private func isGeneral(_ facts: NodeFacts) throws(OperatorError) -> Bool {
  let (x, weights, bias) = (try facts.input(0), try facts.input(1), facts.optionalInput(2))
  return x.shape.rank == 5 || x.count == 0 || weights.constant == nil
    || bias != nil && bias?.constant == nil
}

private func convSizes(_ facts: NodeFacts) throws(OperatorError) -> ConvolutionGeometry? {
  try isGeneral(facts) ? nil : try geometry(facts)
}

/// Whether a kernel reads the planes of an image of few channels: no change of layout comes first.
private func convReadsRowMajor(_ facts: NodeFacts) -> Bool {
  guard let x = facts.inputs.first ?? nil, x.type == .float32, x.shape.rank == 4,
    facts.optionalInput(3) == nil, facts.node.attributes["quantization"] == nil,
    let sizes = try? convSizes(facts)
  else { return false }
  return ConvolutionF32.canReadPlanes(sizes)
}

private func inferConv(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  if try isGeneral(facts) { return [try GeneralConvolution(facts).result(facts)] }
  let sizes = try geometry(facts)
  let x = try facts.input(0)
  var shape = x.shape
  shape[1] = sizes.outputChannels
  if shape.rank == 4 { shape[2] = sizes.outputHeight }
  shape[shape.rank - 1] = sizes.outputWidth
  guard shape.checkedCount != nil else { throw .shapeMismatch("the output \(shape) is too large") }
  if let residual = facts.optionalInput(3)?.shape, residual != shape {
    throw .shapeMismatch("residual \(residual) does not fit an output \(shape)")
  }
  return [ValueFacts(type: x.type, shape: shape, layout: x.layout)]
}

private func convMultiplyAccumulates(_ facts: NodeFacts) -> Int {
  if (try? isGeneral(facts)) == true {
    return (try? GeneralConvolution(facts))?.multiplyAccumulates ?? 0
  }
  return (try? geometry(facts).multiplyAccumulates) ?? 0
}

private func prepareConv(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  if try isGeneral(facts) { return try GeneralConvolution(facts).execution(facts) }
  let sizes = try geometry(facts)
  let readsPlanes =
    try facts.input(0).layout == .rowMajor && facts.outputs[0].layout == .channelsLast
    && convReadsRowMajor(facts)
  let product = try PackedProduct(
    facts, sizes, residual: facts.optionalInput(3), readsPlanes: readsPlanes)
  guard facts.outputs[0].shape.rank == 3, sizes.inputChannels > 1, sizes.inputWidth > 1 else {
    return product.execution(residual: facts.optionalInput(3) == nil ? nil : 3)
  }
  return try oneDimensional(facts, sizes, product)
}

/// Rank-3 operands lie in row-major order: they pass through channels last in scratch memory.
private func oneDimensional(
  _ facts: NodeFacts, _ sizes: ConvolutionGeometry, _ product: PackedProduct
) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  let y = facts.outputs[0]
  guard facts.optionalInput(3) == nil else {
    throw .unsupported("a residual needs two spatial dimensions")
  }
  let xShape: Shape = [x.shape[0], x.shape[1], 1, x.shape[2]]
  let yShape: Shape = [y.shape[0], y.shape[1], 1, y.shape[2]]
  let yStart = (x.byteCount + 127) & ~63
  let scratchStart = yStart + (y.byteCount + 127) & ~63
  let run = product.run
  let readsParameters = facts.optionalInput(NodeFacts.dynamicParameters) != nil
  let tellsRange = facts.outputs.count > 1
  let (xSize, ySize, xBytes, yBytes) = (x.type.size, y.type.size, x.byteCount, y.byteCount)
  return Execution(
    kernel: product.kernel, scratch: product.scratch.behind(scratchStart), packedInputs: [1, 2]
  ) { operands in
    let scratch = operands.scratch
    Permutation.toChannelsLast(
      UnsafeRawBufferPointer(start: operands.rawInput(0), count: xBytes), scratch, xShape, xSize)
    run(
      PackedProduct.Addresses(
        input: scratch, output: scratch + yStart,
        parameters: readsParameters ? operands.rawInput(NodeFacts.dynamicParameters) : nil,
        range: tellsRange ? operands.rawOutput(1) : nil, scratch: scratch + scratchStart,
        pool: operands.pool))
    Permutation.toRowMajor(
      UnsafeRawBufferPointer(start: scratch + yStart, count: yBytes), operands.rawOutput(), yShape,
      ySize)
  }
}
