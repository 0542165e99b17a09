import ModelFormat

extension Operator {
  /// GatherND: the slices of the data that tuples of indices name.
  ///
  /// Inputs: data, indices (int32 or int64; the last dimension holds one tuple). Attributes:
  /// `batch_dims`, leading dimensions that both share. An index that leads out of the data is clamped.
  static let gatherND = Operator(
    "GatherND", since: 13, inputs: 2...2, quantization: .passthrough, infer: inferGatherND,
    prepare: prepareGatherND)
}

/// How tuples of indices lead into data.
struct TupleIndexing: Sendable {
  /// Leading dimensions that data and indices share, and the elements of the data in one of them.
  let batches: Int
  let batchStride: Int
  /// Tuples in each batch, and indices in each tuple.
  let tuples: Int
  let length: Int
  /// The extents that a tuple indexes, and elements between neighbours along them.
  let extents: [Int]
  let strides: [Int]
  /// Elements that a tuple names.
  let slice: Int
  /// The extents of the tuples, and of what each of them names.
  let tupleShape: [Int]
  let sliceShape: [Int]

  /// Indexing of input 0 by the tuples in input 1.
  init(_ facts: NodeFacts, batchDimensions: Int) throws(OperatorError) {
    let data = try facts.input(0).shape
    let indices = try facts.input(1).shape
    guard data.rank >= 1 else { throw .rank(operand: "data", found: 0, expected: "1 or more") }
    guard indices.rank >= 1 else {
      throw .rank(operand: "indices", found: 0, expected: "1 or more")
    }
    guard batchDimensions >= 0, batchDimensions < min(data.rank, indices.rank),
      data.dimensions[..<batchDimensions] == indices.dimensions[..<batchDimensions]
    else {
      throw .attribute(
        name: "batch_dims",
        problem: "is \(batchDimensions), which \(data) and \(indices) do not share")
    }
    let length = indices[indices.rank - 1]
    let depth = batchDimensions + length
    guard length <= data.rank - batchDimensions else {
      throw .shapeMismatch("\(length) indices lead deeper than the dimensions of \(data)")
    }
    tupleShape = Array(indices.dimensions.dropLast())
    sliceShape = Array(data.dimensions[depth...])
    // An empty result has no tuples, however large its other extents are.
    let isEmpty = tupleShape.contains(0) || sliceShape.contains(0)
    batches = isEmpty ? 0 : data.dimensions[..<batchDimensions].reduce(1, &*)
    batchStride = data.dimensions[batchDimensions...].reduce(1, &*)
    tuples = isEmpty ? 0 : tupleShape[batchDimensions...].reduce(1, &*)
    self.length = length
    extents = Array(data.dimensions[batchDimensions..<depth])
    strides = Array(data.strides[batchDimensions..<depth])
    slice = sliceShape.reduce(1, &*)
    guard !extents.contains(0) || isEmpty else {
      throw .shapeMismatch("\(data) has no entries to index")
    }
  }

  /// The offset in the data that tuple `tuple` of `batch` leads to, with indices clamped.
  func clampedOffset(_ operands: Operands, _ reader: IndexReader, _ batch: Int, _ tuple: Int) -> Int
  {
    let first = (batch * tuples + tuple) * length
    var offset = batch * batchStride
    for i in 0..<length {
      offset += reader.clamped(operands, first + i, extents[i]) * strides[i]
    }
    return offset
  }

  /// The offset in the data that tuple `tuple` leads to, or nil where it leads out of the data.
  func checkedOffset(_ operands: Operands, _ reader: IndexReader, _ tuple: Int) -> Int? {
    var offset = 0
    for i in 0..<length {
      guard let index = reader.checked(operands, tuple * length + i, extents[i]) else { return nil }
      offset += index * strides[i]
    }
    return offset
  }
}

private func inferGatherND(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let indexing = try TupleIndexing(facts, batchDimensions: try facts.int("batch_dims", default: 0))
  return [try facts.moved(try facts.input(0), indexing.tupleShape + indexing.sliceShape)]
}

private func prepareGatherND(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let indexing = try TupleIndexing(facts, batchDimensions: try facts.int("batch_dims", default: 0))
  let reader = try IndexReader(facts, 1)
  let size = try facts.input(0).type.size
  return Execution(kernel: "gather nd") { operands in
    let from = operands.rawInput(0)
    let to = operands.rawOutput()
    for batch in 0..<indexing.batches {
      for tuple in 0..<indexing.tuples {
        copyElements(
          from, indexing.clampedOffset(operands, reader, batch, tuple), to,
          (batch * indexing.tuples + tuple) * indexing.slice, count: indexing.slice, size: size)
      }
    }
  }
}
