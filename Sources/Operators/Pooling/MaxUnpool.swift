import ModelFormat

extension Operator {
  /// MaxUnpool: elements put back to where MaxPool found them, with zeros between.
  ///
  /// Inputs: data [N, C, D1, …], indices (int64, of the same shape), output shape (constant, optional).
  /// Attributes: `kernel_shape`, `strides`, `pads`. Indices count the elements of the output without an
  /// output shape; with a larger one, that output is its first corner. Indices outside change nothing.
  static let maxUnpool = Operator(
    "MaxUnpool", since: 22, inputs: 2...3,
    infer: { facts throws(OperatorError) in
      let extents = try unpooled(facts)
      return [try facts.result(try facts.input(0).type, extents.stated)]
    }, prepare: prepareMaxUnpool)
}

/// The extents that windows make, and those of the output.
private func unpooled(_ facts: NodeFacts) throws(OperatorError) -> (counted: [Int], stated: [Int]) {
  let data = try facts.input(0).shape
  let rank = data.rank - 2
  guard rank >= 1 else { throw .rank(operand: "input", found: data.rank, expected: "3 or more") }
  guard try facts.input(1).shape == data else {
    throw .shapeMismatch("the indices must have the shape of the input")
  }
  guard let kernel = try SpatialWindow.list(facts, "kernel_shape", rank, default: nil, from: 1)
  else { throw .attribute(name: "kernel_shape", problem: "is missing") }
  let ones = [Int](repeating: 1, count: rank)
  let zeros = [Int](repeating: 0, count: 2 * rank)
  let strides = try SpatialWindow.list(facts, "strides", rank, default: ones, from: 1) ?? ones
  let pads = try SpatialWindow.list(facts, "pads", 2 * rank, default: zeros, from: 0) ?? zeros
  var counted = [data[0], data[1]]
  for i in 0..<rank {
    guard data[i + 2] <= Limits.extent else { throw .shapeMismatch("the input is too large") }
    let extent = (data[i + 2] - 1) * strides[i] + kernel[i] - pads[i] - pads[i + rank]
    guard extent >= 0 else { throw .shapeMismatch("the padding leaves nothing") }
    counted.append(extent)
  }
  guard Shape(counted).checkedCount != nil else { throw .shapeMismatch("the output is too large") }
  guard let stated = try facts.constantIntegers(2, "output_shape") else {
    return (counted, counted)
  }
  guard stated.count == counted.count, zip(stated, counted).allSatisfy({ $0 >= $1 }) else {
    throw .shapeMismatch("an output of \(Shape(counted)) does not fit into \(Shape(stated))")
  }
  return (counted, stated)
}

private func prepareMaxUnpool(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(try facts.input(1), "the indices", among: [.int64])
  let result = try facts.output()
  let (counted, stated) = try unpooled(facts)
  let counts = Shape(counted).strides
  let strides = Shape(stated).strides
  let total = Shape(counted).count
  let (count, size, bytes) = (data.count, data.type.size, result.byteCount)
  return Execution(kernel: "max unpool") { operands in
    operands.rawOutput().initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    let indices = operands.input(1, as: Int64.self)
    for i in 0..<count {
      let index = Int(truncatingIfNeeded: indices[i])
      guard index >= 0, index < total else { continue }
      var place = 0
      for axis in counted.indices { place += index / counts[axis] % counted[axis] * strides[axis] }
      copyElements(operands.rawInput(0), i, operands.rawOutput(), place, count: 1, size: size)
    }
  }
}
