import ModelFormat

extension Operator {
  /// OneHot: a new dimension `axis` (default: the last) of extent `depth`, on where an index says.
  ///
  /// Inputs: indices (int32, int64, uint8 or float32), depth (one constant), values (two elements of any
  /// type: off, on). An index outside of `-depth ..< depth` gives a line that is all off.
  static let oneHot = Operator(
    "OneHot", since: 11, inputs: 3...3, infer: inferOneHot, prepare: prepareOneHot)
}

private func oneHotAxis(_ facts: NodeFacts) throws(OperatorError) -> Int {
  try facts.axis(
    try facts.int("axis", default: -1), rank: try facts.input(0).shape.rank + 1)
}

private func inferOneHot(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let indices = try facts.input(0)
  let depthFacts = try facts.input(1)
  let values = try facts.input(2)
  guard values.shape == [2] else {
    throw .shapeMismatch("the values have shape \(values.shape), but must be off and on")
  }
  var depth: Int
  if depthFacts.type.isFloatingPoint {
    let list = try facts.constantFloats(1, "depth") ?? []
    guard list.count == 1, list[0] >= 1, list[0] <= 0x1p31 else {
      throw .shapeMismatch("the depth must be one number of at least 1")
    }
    depth = Int(list[0])
  } else {
    depth = try facts.constantInteger(1, "depth") ?? 0
  }
  guard depth >= 1 else { throw .shapeMismatch("the depth is \(depth), but must be at least 1") }
  var extents = indices.shape.dimensions
  extents.insert(depth, at: try oneHotAxis(facts))
  return [try facts.result(values.type, extents)]
}

/// Index `i` of the first input, or nil where it is no index.
private func index(_ operands: Operands, _ type: ElementType, _ i: Int) -> Int? {
  switch type {
  case .int64: return Int(truncatingIfNeeded: operands.input(0, as: Int64.self)[i])
  case .int32: return Int(operands.input(0, as: Int32.self)[i])
  case .uint8: return Int(operands.input(0, as: UInt8.self)[i])
  default:
    let value = operands.input(0, as: Float.self)[i]
    return abs(value) < 0x1p40 ? Int(value) : nil
  }
}

private func prepareOneHot(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let indices = try facts.input(0)
  try facts.require(indices, "indices", among: [.int64, .int32, .uint8, .float32])
  let result = try facts.output()
  let (outer, depth, inner) = result.split(at: try oneHotAxis(facts))
  let type = indices.type
  let size = result.type.size
  let off = StridedCopy(
    extents: [result.count], sourceStrides: [0], targetStrides: [1], elementSize: size)
  return Execution(kernel: "one hot") { operands in
    off.run(operands, input: 2)
    for i in 0..<(outer * inner) {
      guard let index = index(operands, type, i), index >= -depth, index < depth else { continue }
      let place = (i / inner * depth + (index < 0 ? index + depth : index)) * inner + i % inner
      copyElements(operands.rawInput(2), 1, operands.rawOutput(), place, count: 1, size: size)
    }
  }
}
