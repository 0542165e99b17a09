import ModelFormat

extension Operator {
  /// Transpose: dimension `i` of the output is dimension `perm[i]` of the input (default: reversed).
  ///
  /// Nothing is copied where no element moves in memory: from channels last to a row-major result with
  /// the channels last, say.
  static let transpose = Operator(
    "Transpose", since: 21, inputs: 1...1, layout: .either, quantization: .passthrough,
    infer: inferTranspose, prepare: prepareTranspose)
}

private func permutation(_ facts: NodeFacts) throws(OperatorError) -> [Int] {
  let rank = try facts.input(0).shape.rank
  guard let perm = try facts.ints("perm") else { return Array((0..<rank).reversed()) }
  guard perm.count == rank, perm.sorted() == Array(0..<rank) else {
    throw .attribute(name: "perm", problem: "is no permutation of \(rank) dimensions")
  }
  return perm
}

private func inferTranspose(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  return [try facts.moved(data, try permutation(facts).map { data.shape[$0] })]
}

private func prepareTranspose(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let result = try facts.output()
  let perm = try permutation(facts)
  let order = result.physicalOrder.map { perm[$0] }
  if order.filter({ data.shape[$0] != 1 })
    == data.physicalOrder.filter({ data.shape[$0] != 1 })
  {
    return .view(byteCount: data.byteCount)
  }
  let strides = data.strides
  let copy = StridedCopy(
    extents: result.physicalShape.dimensions, sourceStrides: order.map { strides[$0] },
    targetStrides: result.physicalShape.strides, elementSize: data.type.size)
  return .copying(copy, kernel: "transpose")
}
