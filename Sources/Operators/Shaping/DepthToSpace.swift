import ModelFormat

extension Operator {
  /// DepthToSpace: blocks of channels become blocks of `blocksize` by `blocksize` pixels.
  ///
  /// Attributes: `blocksize`; `mode` is `DCR` (default: the channel counts fastest) or `CRD` (the
  /// place in the block counts fastest).
  static let depthToSpace = Operator(
    "DepthToSpace", since: 13, inputs: 1...1, layout: .follow, quantization: .passthrough,
    infer: inferDepthToSpace, prepare: prepareDepthToSpace)
}

private func inferDepthToSpace(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let block = try facts.blockSize()
  _ = try facts.isChannelFirst()
  let shape = data.shape
  guard shape[1] % (block * block) == 0 else {
    throw .shapeMismatch("\(shape[1]) channels do not make blocks of \(block) by \(block)")
  }
  return [
    try facts.moved(
      data, [shape[0], shape[1] / (block * block), shape[2] &* block, shape[3] &* block])
  ]
}

private func prepareDepthToSpace(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let views = blockStrides(
    deep: data, wide: try facts.output(), block: try facts.blockSize(),
    channelsFirst: try facts.isChannelFirst())
  let copy = StridedCopy(
    extents: views.extents, sourceStrides: views.deep, targetStrides: views.wide,
    elementSize: data.type.size)
  return .copying(copy, kernel: "depth to space")
}
