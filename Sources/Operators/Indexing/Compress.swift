import ModelFormat

extension Operator {
  /// Compress: the entries of a dimension for which a condition holds.
  ///
  /// Inputs: data, condition (constant booleans, at most as many as there are entries). Attributes:
  /// `axis`; without it, elements of the flattened data are chosen.
  static let compress = Operator(
    "Compress", since: 11, inputs: 2...2, quantization: .passthrough, infer: inferCompress,
    prepare: prepareCompress)
}

/// The entries that stay, and the data as blocks of `extent` runs of `inner` elements.
private func selection(
  _ facts: NodeFacts
) throws(OperatorError) -> (kept: [Int], axis: Int?, outer: Int, extent: Int, inner: Int) {
  let data = try facts.input(0)
  let condition = try facts.input(1)
  try facts.require(condition, "condition", among: [.bool])
  guard condition.shape.rank == 1 else {
    throw .rank(operand: "condition", found: condition.shape.rank, expected: "1")
  }
  let flags = try facts.constantIntegers(1, "condition", limit: .max) ?? []
  let kept = flags.indices.filter { flags[$0] != 0 }
  var axis: Int?
  var parts = (outer: 1, extent: data.count, inner: 1)
  if facts.node.attributes["axis"] != nil {
    let position = try facts.axis(try facts.int("axis", default: 0), rank: data.shape.rank)
    axis = position
    parts = data.split(at: position)
  }
  guard kept.last ?? -1 < parts.extent else {
    throw .shapeMismatch("the condition chooses entry \(kept.last ?? 0) of \(parts.extent)")
  }
  return (kept, axis, parts.outer, parts.extent, parts.inner)
}

private func inferCompress(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let selection = try selection(facts)
  var extents = [selection.kept.count]
  if let axis = selection.axis {
    extents = data.shape.dimensions
    extents[axis] = selection.kept.count
  }
  return [try facts.moved(data, extents)]
}

private func prepareCompress(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let (kept, _, outer, extent, inner) = try selection(facts)
  let size = try facts.input(0).type.size
  return Execution(kernel: "compress") { operands in
    for block in 0..<outer {
      for i in kept.indices {
        copyElements(
          operands.rawInput(0), (block * extent + kept[i]) * inner, operands.rawOutput(),
          (block * kept.count + i) * inner, count: inner, size: size)
      }
    }
  }
}
