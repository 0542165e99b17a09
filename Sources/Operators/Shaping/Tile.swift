import ModelFormat

extension Operator {
  /// Tile: the input repeated along each dimension.
  ///
  /// Inputs: data, repeats (constant integers, one for each dimension).
  static let tile = Operator(
    "Tile", since: 13, inputs: 2...2, layout: .follow, quantization: .passthrough,
    infer: inferTile, prepare: prepareTile)
}

private func inferTile(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  _ = try facts.input(1)
  let repeats = try facts.constantIntegers(1, "repeats") ?? []
  guard repeats.count == data.shape.rank, repeats.allSatisfy({ $0 >= 0 }) else {
    throw .shapeMismatch("the repeats must be \(data.shape.rank) numbers, each zero or more")
  }
  var extents: [Int] = []
  for (extent, factor) in zip(data.shape.dimensions, repeats) {
    let (product, overflow) = extent.multipliedReportingOverflow(by: factor)
    guard !overflow else { throw .shapeMismatch("the repeats make an output that is too large") }
    extents.append(product)
  }
  return [try facts.moved(data, extents)]
}

private func prepareTile(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let result = try facts.output()
  var extents: [Int] = []
  var source: [Int] = []
  var target: [Int] = []
  for axis in data.shape.dimensions.indices {
    let extent = data.shape[axis]
    let repeats = extent == 0 ? 0 : result.shape[axis] / extent
    extents += [repeats, extent]
    source += [0, data.strides[axis]]
    target += [result.strides[axis] &* extent, result.strides[axis]]
  }
  let copy = StridedCopy(
    extents: extents, sourceStrides: source, targetStrides: target, elementSize: data.type.size)
  return .copying(copy, kernel: "tile")
}
