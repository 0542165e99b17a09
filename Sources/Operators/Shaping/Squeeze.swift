import ModelFormat

extension Operator {
  /// Squeeze: the same elements without dimensions of one.
  ///
  /// Inputs: data, axes (constant; all dimensions of one where left out).
  static let squeeze = Operator(
    "Squeeze", since: 21, inputs: 1...2, quantization: .passthrough, infer: inferSqueeze,
    prepare: keepElements)
}

private func inferSqueeze(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  var axes = data.shape.dimensions.indices.filter { data.shape[$0] == 1 }
  if let list = try facts.constantIntegers(1, "axes") {
    axes = try facts.axes(list, rank: data.shape.rank)
  }
  for axis in axes where data.shape[axis] != 1 {
    throw .shapeMismatch("dimension \(axis) of \(data.shape) is not 1")
  }
  let kept = data.shape.dimensions.indices.filter { !axes.contains($0) }
  return [try facts.moved(data, kept.map { data.shape[$0] })]
}
