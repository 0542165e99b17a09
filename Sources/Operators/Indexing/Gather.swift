import ModelFormat

extension Operator {
  /// Gather: the entries of dimension `axis` (default 0) that `indices` name.
  ///
  /// Inputs: data, indices (int32 or int64; negative ones count from the end). An index that leads out
  /// of the data is clamped.
  static let gather = Operator(
    "Gather", since: 13, inputs: 2...2, quantization: .passthrough, infer: inferGather,
    prepare: prepareGather)
}

private func inferGather(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let indices = try facts.input(1)
  let axis = try facts.axis(try facts.int("axis", default: 0), rank: data.shape.rank)
  guard data.shape[axis] > 0 || indices.count == 0 else {
    throw .shapeMismatch("dimension \(axis) of \(data.shape) has no entries to gather")
  }
  let extents = data.shape.dimensions
  return [
    try facts.moved(
      data, Array(extents[..<axis]) + indices.shape.dimensions + Array(extents[(axis + 1)...]))
  ]
}

private func prepareGather(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let axis = try facts.axis(try facts.int("axis", default: 0), rank: data.shape.rank)
  let (outer, extent, inner) = data.split(at: axis)
  let reader = try IndexReader(facts, 1)
  let count = try facts.input(1).count
  let size = data.type.size
  return Execution(kernel: "gather") { operands in
    let from = operands.rawInput(0)
    let to = operands.rawOutput()
    for block in 0..<outer {
      for i in 0..<count {
        let index = reader.clamped(operands, i, extent)
        copyElements(
          from, (block * extent + index) * inner, to, (block * count + i) * inner, count: inner,
          size: size)
      }
    }
  }
}
