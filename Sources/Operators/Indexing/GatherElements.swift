import ModelFormat

extension Operator {
  /// GatherElements: `output[i][j] = data[indices[i][j]][j]` for axis 0, and alike for others.
  ///
  /// Inputs: data, indices (int32 or int64, of the data's rank and nowhere larger but along `axis`).
  /// An index that leads out of the data is clamped.
  static let gatherElements = Operator(
    "GatherElements", since: 13, inputs: 2...2, quantization: .passthrough,
    infer: inferGatherElements, prepare: prepareGatherElements)
}

extension NodeFacts {
  /// The axis of an operator that has an index for each element, once the shapes fit.
  func elementAxis() throws(OperatorError) -> Int {
    let data = try input(0).shape
    let indices = try input(1).shape
    let axis = try axis(try int("axis", default: 0), rank: data.rank)
    guard indices.rank == data.rank else {
      throw .rank(operand: "indices", found: indices.rank, expected: "\(data.rank)")
    }
    for dimension in 0..<data.rank where dimension != axis && indices[dimension] > data[dimension] {
      throw .shapeMismatch("the indices' shape \(indices) exceeds the data's \(data)")
    }
    guard data[axis] > 0 || indices.count == 0 else {
      throw .shapeMismatch("dimension \(axis) of \(data) has no entries")
    }
    return axis
  }
}

/// The rows of the indices, with their offsets in data that are indexed along `axis`.
func elementRows(indices: Shape, data: Shape, axis: Int) -> StridedRows {
  var strides = data.strides
  strides[axis] = 0
  return StridedRows(
    extents: Array(indices.dimensions.dropLast()), strides: Array(strides.dropLast()))
}

private func inferGatherElements(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  _ = try facts.elementAxis()
  return [try facts.moved(try facts.input(0), try facts.input(1).shape.dimensions)]
}

private func prepareGatherElements(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let indices = try facts.input(1)
  let axis = try facts.elementAxis()
  let reader = try IndexReader(facts, 1)
  let rows = elementRows(indices: indices.shape, data: data.shape, axis: axis)
  let width = indices.shape[data.shape.rank - 1]
  let extent = data.shape[axis]
  let stride = data.shape.strides[axis]
  let step = axis == data.shape.rank - 1 ? 0 : 1
  let size = data.type.size
  return Execution(kernel: "gather elements") { operands in
    let from = operands.rawInput(0)
    let to = operands.rawOutput()
    rows.forEach { row, offset in
      for i in 0..<width {
        let position = row * width + i
        let index = reader.clamped(operands, position, extent)
        copyElements(from, offset + i * step + index * stride, to, position, count: 1, size: size)
      }
    }
  }
}
