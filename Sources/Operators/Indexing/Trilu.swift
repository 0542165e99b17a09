import ModelFormat

extension Operator {
  /// Trilu: the upper (`upper` 1, default) or lower triangle of matrices, zero elsewhere.
  ///
  /// Inputs: data, k (constant; the diagonal that bounds the triangle, default 0).
  static let trilu = Operator(
    "Trilu", since: 14, inputs: 1...2, infer: inferTrilu, prepare: prepareTrilu)
}

private func inferTrilu(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  guard data.shape.rank >= 2 else {
    throw .rank(operand: "input", found: data.shape.rank, expected: "2 or more")
  }
  _ = try facts.constantInteger(1, "k")
  return [try facts.moved(data, data.shape.dimensions)]
}

private func prepareTrilu(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let upper = try facts.int("upper", default: 1) != 0
  let (rows, columns) = (data.shape[data.shape.rank - 2], data.shape[data.shape.rank - 1])
  let diagonal = max(-rows, min(columns, try facts.constantInteger(1, "k") ?? 0))
  let total = data.shape.dimensions.dropLast().reduce(1, &*)
  let size = data.type.size
  if data.count == 0 { return .nothing }
  return Execution(kernel: "trilu") { operands in
    let from = operands.rawInput(0)
    let to = operands.rawOutput()
    for row in 0..<total {
      // Upper: the columns from the diagonal on; lower: the columns up to it.
      let bound = max(0, min(columns, row % rows + diagonal + (upper ? 0 : 1)))
      let kept = upper ? bound..<columns : 0..<bound
      let start = to + row * columns * size
      start.initializeMemory(as: UInt8.self, repeating: 0, count: columns * size)
      (start + kept.lowerBound * size).copyMemory(
        from: from + (row * columns + kept.lowerBound) * size, byteCount: kept.count * size)
    }
  }
}
