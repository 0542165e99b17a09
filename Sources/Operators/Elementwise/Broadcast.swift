import ModelFormat

/// How operands of different shapes are walked together, in the memory order of the output.
///
/// Neighbouring dimensions that every operand walks alike are merged, so that equal shapes make one
/// row. An operand that a dimension repeats has stride zero there.
struct Broadcast: Sendable {
  /// Extents of the merged dimensions but the innermost, outermost first.
  private let outer: [Int]
  /// For each operand and each of `outer`, elements between neighbours.
  private let outerStrides: [Int]
  /// The length of a row.
  let columns: Int
  /// For each operand, elements between neighbours in a row.
  let columnStrides: [Int]
  /// The number of rows.
  let rows: Int

  /// The walk over operands whose shapes broadcast to that of `output`.
  init(_ output: ValueFacts, _ operands: [ValueFacts]) {
    let extents = output.physicalShape.dimensions
    let strides = operands.map { $0.strides(broadcastTo: output) }
    var dimensions: [Int] = []
    var merged = [[Int]](repeating: [], count: operands.count)
    for axis in extents.indices where extents[axis] != 1 {
      let continues =
        !dimensions.isEmpty
        && operands.indices.allSatisfy { operand in
          merged[operand].last == strides[operand][axis] &* extents[axis]
        }
      if continues {
        dimensions[dimensions.count - 1] &*= extents[axis]
        for operand in operands.indices {
          merged[operand][dimensions.count - 1] = strides[operand][axis]
        }
      } else {
        dimensions.append(extents[axis])
        for operand in operands.indices { merged[operand].append(strides[operand][axis]) }
      }
    }
    columns = dimensions.last ?? 1
    columnStrides = merged.map { $0.last ?? 1 }
    outer = [Int](dimensions.dropLast())
    outerStrides = merged.flatMap { $0.dropLast() }
    rows = output.count == 0 ? 0 : outer.reduce(1, &*)
  }

  /// The position in operand `operand` at which row `row` starts.
  @inline(__always)
  func start(ofRow row: Int, operand: Int) -> Int {
    var rest = row
    var offset = 0
    var axis = outer.count - 1
    while axis > 0 {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: outer[axis])
      offset &+= index &* outerStrides[operand &* outer.count &+ axis]
      rest = quotient
      axis -= 1
    }
    return axis < 0 ? 0 : offset &+ rest &* outerStrides[operand &* outer.count]
  }

  /// Rows that differ in the innermost of the outer dimensions alone.
  var rowsInRun: Int { max(1, outer.last ?? 1) }

  /// From row to row of operand `operand`, within a run.
  func rowStride(_ operand: Int) -> Int {
    outer.isEmpty ? 0 : outerStrides[(operand &+ 1) &* outer.count &- 1]
  }

  /// Whether operand `operand` is read from its first element to its last, each once.
  func isWhole(_ operand: Int) -> Bool {
    var expected = columns
    if columns > 1, columnStrides[operand] != 1 { return false }
    for axis in outer.indices.reversed() {
      if outerStrides[operand &* outer.count &+ axis] != expected { return false }
      expected &*= outer[axis]
    }
    return true
  }
}

extension ValueFacts {
  /// Elements between neighbours along each dimension of `output`, in the order of its memory, for
  /// an operand whose shape broadcasts to that of `output`.
  fileprivate func strides(broadcastTo output: ValueFacts) -> [Int] {
    let inMemory = physicalShape.strides
    var strides = [Int](repeating: 0, count: output.shape.rank)
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let target = output.shape.rank - shape.rank + axis
      strides[output.physicalAxis(target)] = inMemory[physicalAxis(axis)]
    }
    return strides
  }
}

extension NodeFacts {
  /// The shape that all inputs broadcast to.
  func broadcastShape() throws(OperatorError) -> Shape {
    var result: [Int] = []
    for index in inputs.indices {
      let shape = try input(index).shape
      if shape.rank > result.count {
        result = [Int](repeating: 1, count: shape.rank - result.count) + result
      }
      for axis in 0..<shape.rank where shape[axis] != 1 {
        let target = result.count - shape.rank + axis
        guard result[target] == 1 || result[target] == shape[axis] else {
          let shapes = inputs.compactMap { $0?.shape.description }.joined(separator: ", ")
          throw .shapeMismatch("the shapes \(shapes) do not broadcast")
        }
        result[target] = shape[axis]
      }
    }
    guard Shape(result).checkedCount != nil else {
      throw .shapeMismatch("the result \(Shape(result)) is too large")
    }
    return Shape(result)
  }

  /// Facts for an output of the shape that all inputs broadcast to.
  func broadcastOutput(_ type: ElementType) throws(OperatorError) -> ValueFacts {
    let shape = try broadcastShape()
    let first = inputs.first { $0?.shape.rank == 4 }
    let layout = shape.rank == 4 ? (first??.layout ?? .rowMajor) : .rowMajor
    return ValueFacts(type: type, shape: shape, layout: layout)
  }

  /// The facts of the first output; during preparation they are there.
  func output() throws(OperatorError) -> ValueFacts {
    guard let output = outputs.first else { throw .unsupported("the output has no facts") }
    return output
  }

  /// The input among `candidates` whose memory has the form of the output's, or nil.
  func overwritable(_ candidates: [Int]) throws(OperatorError) -> Int? {
    let output = try output()
    return candidates.first { index in
      guard let facts = optionalInput(index) else { return false }
      return facts.physicalShape == output.physicalShape && facts.layout == output.layout
        && facts.type.size == output.type.size
    }
  }
}
