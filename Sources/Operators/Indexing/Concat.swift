import Kernels
import ModelFormat

extension Operator {
  /// Concat: the inputs behind each other along `axis`.
  ///
  /// Quantized uint8 inputs are brought to the output's parameters by a table of 256 entries.
  static let concat = Operator(
    "Concat", since: 13, inputs: 1...Limits.operands, layout: .follow, quantization: .integer,
    infer: inferConcat, prepare: prepareConcat)
}

private func concatAxis(_ facts: NodeFacts) throws(OperatorError) -> Int {
  guard facts.node.attributes["axis"] != nil else {
    throw .attribute(name: "axis", problem: "is missing")
  }
  return try facts.axis(try facts.int("axis", default: 0), rank: try facts.input(0).shape.rank)
}

private func inferConcat(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let first = try facts.input(0)
  let axis = try concatAxis(facts)
  var extents = first.shape.dimensions
  for index in facts.inputs.indices.dropFirst() {
    let input = try facts.input(index)
    try facts.require(input, "input \(index)", among: [first.type])
    var expected = first.shape
    guard input.shape.rank == first.shape.rank else {
      throw .rank(
        operand: "input \(index)", found: input.shape.rank, expected: "\(first.shape.rank)")
    }
    expected[axis] = input.shape[axis]
    guard input.shape == expected else {
      throw .shapeMismatch("\(input.shape) does not continue \(first.shape) along \(axis)")
    }
    extents[axis] = extents[axis] &+ input.shape[axis]
  }
  return [try facts.moved(first, extents)]
}

/// One input: elements of a run, its place in a run of the output, and how its bytes change.
private struct ConcatPiece {
  var count: Int
  var offset: Int
  var table: LookupU8?
}

private func prepareConcat(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let result = try facts.output()
  let axis = try concatAxis(facts)
  let (outer, extent, inner) = result.split(at: axis)
  let run = inner * result.type.size
  var pieces: [ConcatPiece] = []
  var offset = 0
  for index in facts.inputs.indices {
    let input = try facts.input(index)
    let count = input.shape[axis] * run
    var table: LookupU8?
    if input.type == .uint8, let from = input.quantization, let to = result.quantization, from != to
    {
      table = try input.requantization(to: result)
    }
    pieces.append(ConcatPiece(count: count, offset: offset, table: table))
    offset += count
  }
  let row = extent * run
  let parts = row * outer >= 1 << 17 ? max(1, min(16, outer)) : 1
  let kernels = VectorKernels.best
  return Execution(kernel: "concat") { [pieces] operands in
    operands.pool.run(parts: parts) { part in
      let rows = (outer * part / parts)..<(outer * (part + 1) / parts)
      for index in pieces.indices {
        copy(
          operands.input(index), operands.output(), pieces[index], row: row, rows, kernels)
      }
    }
  }
}

private func copy(
  _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, _ piece: ConcatPiece, row: Int,
  _ rows: Range<Int>, _ kernels: VectorKernels
) {
  guard let table = piece.table else {
    switch piece.count {
    case 4: return copy(UInt32.self, from, to + piece.offset, row: row, rows)
    case 8: return copy(UInt64.self, from, to + piece.offset, row: row, rows)
    default: break
    }
    for index in rows {
      (to + index * row + piece.offset).update(from: from + index * piece.count, count: piece.count)
    }
    return
  }
  for index in rows {
    kernels.apply(
      table, from + index * piece.count, to: to + index * row + piece.offset, count: piece.count)
  }
}

/// Copies pieces of the size of `T`, which may lie anywhere.
@inline(__always)
private func copy<T: BitwiseCopyable>(
  _: T.Type, _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, row: Int,
  _ rows: Range<Int>
) {
  let (source, target) = (UnsafeRawPointer(from), UnsafeMutableRawPointer(to))
  for index in rows {
    let piece = source.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
    target.storeBytes(of: piece, toByteOffset: index * row, as: T.self)
  }
}
