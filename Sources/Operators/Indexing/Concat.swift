import Kernels
import ModelFormat

extension Operator {
  /// Concat: the inputs behind each other along `axis`.
  ///
  /// Quantized uint8 inputs are brought to the output's parameters by a table of 256 entries.
  static let concat = Operator(
    "Concat", since: 13, inputs: 1...Limits.operands, layout: .follow, quantization: .integer,
    infer: inferConcat, joining: joinConcat, prepare: prepareConcat)
}

/// Along the innermost dimension in memory, such as channels that lie last, every input is a column.
private func joinConcat(_ facts: NodeFacts) -> Joining? {
  guard let result = facts.outputs.first, let axis = try? concatAxis(facts),
    result.physicalAxis(axis) == result.shape.rank - 1
  else { return nil }
  var offsets: [Int?] = []
  var widths: [Int] = []
  var pitch = 0
  for input in facts.inputs {
    guard let input else { return nil }
    let isSame = input.type != .uint8 || input.quantization == result.quantization
    offsets.append(isSame ? pitch : nil)
    widths.append(input.shape[axis] * result.type.size)
    pitch += widths[widths.count - 1]
  }
  return Joining(pitch: pitch, offsets: offsets, widths: widths)
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
  var input: Int
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
    pieces.append(ConcatPiece(input: index, count: count, offset: offset, table: table))
    offset += count
  }
  let row = extent * run
  let parts = row * outer >= 1 << 17 ? max(1, min(16, outer)) : 1
  var execution = concat(pieces, row: row, outer: outer, parts: parts)
  execution.without = { [pieces] joined in
    concat(pieces.filter { !joined.contains($0.input) }, row: row, outer: outer, parts: parts)
  }
  return execution
}

/// An execution that copies `pieces`, each a column of `outer` rows of `row` bytes.
private func concat(_ pieces: [ConcatPiece], row: Int, outer: Int, parts: Int) -> Execution {
  if pieces.isEmpty { return Execution(kernel: "concat in place") { _ in } }
  let kernels = VectorKernels.best
  return Execution(kernel: "concat") { operands in
    operands.pool.run(parts: parts) { part in
      let rows = (outer * part / parts)..<(outer * (part + 1) / parts)
      for piece in pieces {
        copy(operands.input(piece.input), operands.output(), piece, row: row, rows, kernels)
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
