import ModelFormat

extension Operator {
  /// ScatterElements: `data[indices[i][j]][j] = updates[i][j]` for axis 0, and alike for others.
  ///
  /// Inputs: data, indices (int32 or int64), updates (of the indices' shape). Attributes: `axis`
  /// (default 0), `reduction`: none, add, mul, min or max. An index that leads out of the data changes
  /// nothing.
  static let scatterElements = Operator(
    "ScatterElements", since: 18, inputs: 3...3, infer: inferScatterElements,
    prepare: prepareScatterElements)
}

private func inferScatterElements(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  _ = try facts.elementAxis()
  guard try facts.input(2).shape == (try facts.input(1).shape) else {
    throw .shapeMismatch("indices and updates differ in shape")
  }
  return try facts.scattered()
}

private func prepareScatterElements(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let indices = try facts.input(1)
  let axis = try facts.elementAxis()
  let reader = try IndexReader(facts, 1)
  let reduction = try ScatterReduction(facts)
  let rows = elementRows(indices: indices.shape, data: data.shape, axis: axis)
  let width = indices.shape[data.shape.rank - 1]
  let extent = data.shape[axis]
  let stride = data.shape.strides[axis]
  let step = axis == data.shape.rank - 1 ? 0 : 1
  let keep = Execution.keeping(byteCount: data.byteCount)
  let type = data.type
  return Execution(kernel: "scatter elements", overwrites: 0) { operands in
    keep.run(operands)
    let updates = operands.rawInput(2)
    let to = operands.rawOutput()
    rows.forEach { row, offset in
      for i in 0..<width {
        let position = row * width + i
        guard let index = reader.checked(operands, position, extent) else { continue }
        reduction.apply(type, updates, position, to, offset + i * step + index * stride, count: 1)
      }
    }
  }
}
