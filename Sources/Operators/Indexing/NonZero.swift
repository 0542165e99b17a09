import ModelFormat

extension Operator {
  /// NonZero: the places of elements that are not zero, one row for each dimension, as int64.
  ///
  /// Input: any type; constant, since the extents of the output depend on it.
  static let nonZero = Operator(
    "NonZero", since: 13, inputs: 1...1, infer: inferNonZero, prepare: prepareNonZero)
}

/// The row-major places of elements that are not zero.
private func places(_ facts: NodeFacts) throws(OperatorError) -> [Int] {
  let data = try facts.input(0)
  guard let constant = data.constant else { throw .needsConstant(operand: "input") }
  if constant.type == .float64 {
    let elements = constant.dense.elements(as: Double.self)
    return elements.indices.filter { elements[$0] != 0 }
  }
  let elements = constant.floats()
  return elements.indices.filter { elements[$0] != 0 }
}

private func inferNonZero(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  // A scalar counts as one dimension of one entry.
  let rank = max(1, try facts.input(0).shape.rank)
  return [try facts.result(.int64, [rank, try places(facts).count])]
}

private func prepareNonZero(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let dimensions = try facts.input(0).shape.dimensions
  let shape = dimensions.isEmpty ? Shape([1]) : Shape(dimensions)
  let places = try places(facts)
  let strides = shape.strides
  return Execution(kernel: "nonzero") { operands in
    let to = operands.output(as: Int64.self)
    for axis in 0..<shape.rank {
      let row = to + axis * places.count
      let (stride, extent) = (strides[axis], shape[axis])
      for i in places.indices { row[i] = Int64(places[i] / stride % extent) }
    }
  }
}
