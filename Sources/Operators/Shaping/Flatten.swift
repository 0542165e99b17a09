import ModelFormat

extension Operator {
  /// Flatten: a matrix whose rows are the dimensions before `axis` (default 1; may equal the rank).
  static let flatten = Operator(
    "Flatten", since: 21, inputs: 1...1, quantization: .passthrough, infer: inferFlatten,
    prepare: keepElements)
}

private func inferFlatten(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let axis = try facts.int("axis", default: 1)
  let rank = data.shape.rank
  guard axis >= -rank, axis <= rank else {
    throw .attribute(name: "axis", problem: "is \(axis), outside of \(rank) dimensions")
  }
  let position = axis < 0 ? axis + rank : axis
  let rows = data.shape.dimensions[..<position].reduce(1, &*)
  let columns = data.shape.dimensions[position...].reduce(1, &*)
  return [try facts.moved(data, [rows, columns])]
}
