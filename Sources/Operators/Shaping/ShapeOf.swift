import ModelFormat

extension Operator {
  /// Shape: the extents of dimensions `start` (default 0) up to `end` (default: the rank), as int64.
  static let shape = Operator(
    "Shape", since: 21, inputs: 1...1, layout: .follow, infer: inferShapeOf, prepare: prepareShapeOf
  )
}

private func shapeRange(_ facts: NodeFacts) throws(OperatorError) -> Range<Int> {
  let rank = try facts.input(0).shape.rank
  func clamped(_ position: Int) -> Int {
    max(0, min(rank, position < 0 ? position + rank : position))
  }
  let start = clamped(try facts.int("start", default: 0))
  let end = clamped(try facts.int("end", default: rank))
  return start..<max(start, end)
}

private func inferShapeOf(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  [try facts.result(.int64, [try shapeRange(facts).count])]
}

private func prepareShapeOf(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let extents = try facts.input(0).shape.dimensions[try shapeRange(facts)].map { Int64($0) }
  return Execution(kernel: "shape") { operands in
    let to = operands.output(as: Int64.self)
    for i in extents.indices { to[i] = extents[i] }
  }
}
