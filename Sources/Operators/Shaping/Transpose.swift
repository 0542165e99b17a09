import ModelFormat

extension Operator {
  /// Transpose: dimension `i` of the output is dimension `perm[i]` of the input (default: reversed).
  static let transpose = Operator(
    "Transpose", since: 21, inputs: 1...1, quantization: .passthrough, infer: inferTranspose,
    prepare: prepareTranspose)
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
  let strides = data.shape.strides
  let copy = StridedCopy(
    extents: result.shape.dimensions, sourceStrides: try permutation(facts).map { strides[$0] },
    targetStrides: result.shape.strides, elementSize: data.type.size)
  return .copying(copy, kernel: "transpose")
}
