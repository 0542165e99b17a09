import ModelFormat

extension Operator {
  /// AffineGrid: the places that an affine map reads from, as GridSample takes them.
  ///
  /// Inputs: maps [N, 2, 3] or [N, 3, 4], size (constant: N, C, then two or three extents). Attributes:
  /// `align_corners`. float32.
  static let affineGrid = Operator(
    "AffineGrid", since: 20, inputs: 2...2, infer: inferAffineGrid, prepare: prepareAffineGrid)
}

/// The spatial extents of the grid.
private func gridExtents(_ facts: NodeFacts) throws(OperatorError) -> [Int] {
  let theta = try facts.input(0).shape
  _ = try facts.input(1)
  let size = try facts.constantIntegers(1, "size") ?? []
  let rank = size.count - 2
  guard rank == 2 || rank == 3, theta == [size[0], rank, rank + 1] else {
    throw .shapeMismatch("maps \(theta) do not fit a size of \(size.count) numbers")
  }
  let extents = Array(size[2...])
  guard extents.allSatisfy({ $0 >= 0 && $0 <= Limits.extent }) else {
    throw .shapeMismatch("the size has an extent that is negative or too large")
  }
  return extents
}

private func inferAffineGrid(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let theta = try facts.input(0)
  let extents = try gridExtents(facts)
  return [try facts.result(theta.type, [theta.shape[0]] + extents + [extents.count])]
}

private func prepareAffineGrid(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  try facts.require(try facts.input(0), "input", among: [.float32])
  let result = try facts.output()
  if result.count == 0 { return .nothing }
  let extents = try gridExtents(facts)
  let alignsCorners = try facts.int("align_corners", default: 0) != 0
  let rank = extents.count
  let strides = Shape(extents).strides
  let points = extents.reduce(1, &*)
  let maps = result.shape[0]
  return Execution(kernel: "affine grid") { operands in
    operands.split(maps * points, grain: 1024) { range in
      for index in range {
        let theta = operands.input(0, as: Float.self) + index / points * rank * (rank + 1)
        let to = operands.output(as: Float.self) + index * rank
        for row in 0..<rank { to[row] = theta[row * (rank + 1) + rank] }
        for axis in 0..<rank {
          let extent = Float(extents[axis])
          let i = Float(index % points / strides[axis] % extents[axis])
          let place =
            alignsCorners ? (extent > 1 ? 2 * i / (extent - 1) - 1 : -1) : (2 * i + 1) / extent - 1
          // The innermost dimension is the first coordinate.
          let column = rank - 1 - axis
          for row in 0..<rank { to[row] += theta[row * (rank + 1) + column] * place }
        }
      }
    }
  }
}
