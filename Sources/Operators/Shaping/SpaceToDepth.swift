import ModelFormat

extension Operator {
  /// SpaceToDepth: blocks of `blocksize` by `blocksize` pixels become blocks of channels.
  ///
  /// Attributes: `blocksize`, and `mode` as of DepthToSpace.
  static let spaceToDepth = Operator(
    "SpaceToDepth", since: 28, inputs: 1...1, layout: .follow, quantization: .passthrough,
    infer: inferSpaceToDepth, prepare: prepareSpaceToDepth)
}

private func inferSpaceToDepth(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let block = try facts.blockSize()
  _ = try facts.isChannelFirst()
  let shape = data.shape
  guard shape[2] % block == 0, shape[3] % block == 0 else {
    throw .shapeMismatch("\(shape[2]) by \(shape[3]) pixels do not make blocks of \(block)")
  }
  return [
    try facts.moved(
      data, [shape[0], shape[1] &* (block * block), shape[2] / block, shape[3] / block])
  ]
}

private func prepareSpaceToDepth(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let views = blockStrides(
    deep: try facts.output(), wide: data, block: try facts.blockSize(),
    channelsFirst: try facts.isChannelFirst())
  let copy = StridedCopy(
    extents: views.extents, sourceStrides: views.wide, targetStrides: views.deep,
    elementSize: data.type.size)
  return .copying(copy, kernel: "space to depth")
}
