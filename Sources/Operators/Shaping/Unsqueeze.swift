import ModelFormat

extension Operator {
  /// Unsqueeze: the same elements with dimensions of one put in.
  ///
  /// Inputs: data, axes (constant; positions in the output).
  static let unsqueeze = Operator(
    "Unsqueeze", since: 21, inputs: 2...2, quantization: .passthrough, infer: inferUnsqueeze,
    prepare: keepElements)
}

private func inferUnsqueeze(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  _ = try facts.input(1)
  let list = try facts.constantIntegers(1, "axes") ?? []
  let rank = data.shape.rank + list.count
  guard rank <= Limits.rank else {
    throw .unsupported("makes \(rank) dimensions; at most \(Limits.rank) are supported")
  }
  let axes = try facts.axes(list, rank: rank)
  var extents = data.shape.dimensions
  for axis in axes.sorted() { extents.insert(1, at: axis) }
  return [try facts.moved(data, extents)]
}
