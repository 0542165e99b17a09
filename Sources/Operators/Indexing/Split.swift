import ModelFormat

extension Operator {
  /// Split: consecutive pieces of the input along `axis` (default 0).
  ///
  /// Inputs: data, split (constant: the extent of each piece). Without it there are `num_outputs`
  /// pieces (default: as many as the node has outputs) of equal extent, the last one smaller.
  static let split = Operator(
    "Split", since: 18, inputs: 1...2, outputs: 1...Limits.operands, layout: .follow,
    quantization: .passthrough, infer: inferSplit, prepare: prepareSplit)
}

private func splitExtents(_ facts: NodeFacts, _ extent: Int) throws(OperatorError) -> [Int] {
  if let list = try facts.constantIntegers(1, "split") {
    var sum = 0
    for piece in list {
      guard piece >= 0, piece <= extent, sum + piece <= extent else {
        throw .shapeMismatch("the pieces do not sum to \(extent)")
      }
      sum += piece
    }
    guard sum == extent, !list.isEmpty else {
      throw .shapeMismatch("the pieces sum to \(sum), not \(extent)")
    }
    return list
  }
  let pieces = try facts.int("num_outputs", default: facts.node.outputs.count)
  guard pieces >= 1, pieces <= Limits.operands else {
    throw .attribute(
      name: "num_outputs", problem: "is \(pieces), outside of 1 to \(Limits.operands)")
  }
  let each = (extent + pieces - 1) / pieces
  guard each * (pieces - 1) <= extent else {
    throw .shapeMismatch("\(extent) entries do not make \(pieces) pieces")
  }
  return [Int](repeating: each, count: pieces - 1) + [extent - each * (pieces - 1)]
}

private func inferSplit(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let axis = try facts.axis(try facts.int("axis", default: 0), rank: data.shape.rank)
  let pieces = try splitExtents(facts, data.shape[axis])
  guard pieces.count == facts.node.outputs.count else {
    throw .operandCount(
      found: facts.node.outputs.count, allowed: pieces.count...pieces.count, outputs: true)
  }
  var results: [ValueFacts] = []
  for piece in pieces {
    var extents = data.shape.dimensions
    extents[axis] = piece
    results.append(try facts.moved(data, extents))
  }
  return results
}

private func prepareSplit(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let axis = try facts.axis(try facts.int("axis", default: 0), rank: data.shape.rank)
  var copies: [StridedCopy?] = []
  var offset = 0
  for (index, result) in facts.outputs.enumerated() {
    let copy = StridedCopy(
      extents: result.shape.dimensions, sourceStrides: data.strides,
      targetStrides: result.strides, sourceOffset: offset, elementSize: data.type.size)
    copies.append(facts.wantsOutput(index) ? copy : nil)
    offset &+= result.shape[axis] &* data.strides[axis]
  }
  return Execution(kernel: "split") { [copies] operands in
    for index in copies.indices { copies[index]?.run(operands, output: index) }
  }
}
