import ModelFormat

extension Operator {
  /// ScatterND: the data, with the slices that tuples of indices name replaced by updates.
  ///
  /// Inputs: data, indices (int32 or int64; the last dimension holds one tuple), updates. Attributes:
  /// `reduction`: none, add, mul, min or max. A tuple that leads out of the data changes nothing.
  static let scatterND = Operator(
    "ScatterND", since: 18, inputs: 3...3, infer: inferScatterND, prepare: prepareScatterND)
}

private func inferScatterND(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let indexing = try TupleIndexing(facts, batchDimensions: 0)
  let updates = try facts.input(2).shape
  guard updates.dimensions == indexing.tupleShape + indexing.sliceShape else {
    throw .shapeMismatch(
      "the updates' shape \(updates) is not \(Shape(indexing.tupleShape + indexing.sliceShape))")
  }
  return try facts.scattered()
}

private func prepareScatterND(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let indexing = try TupleIndexing(facts, batchDimensions: 0)
  let reader = try IndexReader(facts, 1)
  let reduction = try ScatterReduction(facts)
  let keep = Execution.keeping(byteCount: data.byteCount)
  return Execution(kernel: "scatter nd", overwrites: 0) { operands in
    keep.run(operands)
    let updates = operands.rawInput(2)
    let to = operands.rawOutput()
    for tuple in 0..<indexing.tuples {
      guard let offset = indexing.checkedOffset(operands, reader, tuple) else { continue }
      reduction.apply(
        data.type, updates, tuple * indexing.slice, to, offset, count: indexing.slice)
    }
  }
}
