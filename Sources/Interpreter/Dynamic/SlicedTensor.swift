import ModelFormat
import Operators

/// A tensor seen as a row of tensors along one of its dimensions.
struct SlicedTensor {
  /// How many tensors there are.
  let count: Int
  private let source: RuntimeTensor
  private let reversed: Bool
  private let outer: Int
  /// Bytes behind the dimension.
  private let inner: Int
  private let sliceShape: Shape

  /// `source` along `axis`, which may count from the end; from the last one on where `reversed`.
  init(
    _ source: RuntimeTensor, axis: Int, reversed: Bool, _ node: Node
  ) throws(InterpreterError) {
    let shape = source.facts.shape
    guard let axis = shape.normalized(axis: axis) else {
      throw .node(
        name: node.name, op: node.op,
        .attribute(name: "axes", problem: "is \(axis), outside of \(shape.rank) dimensions"))
    }
    self.source = source
    self.reversed = reversed
    count = shape[axis]
    outer = Shape(Array(shape.dimensions[..<axis])).count
    inner = Shape(Array(shape.dimensions[(axis + 1)...])).count * source.facts.type.size
    var extents = shape.dimensions
    extents.remove(at: axis)
    sliceShape = Shape(extents)
  }

  /// Tensor `index` of the row.
  func slice(_ index: Int, _ budget: RunBudget) -> RuntimeTensor {
    let position = reversed ? count - 1 - index : index
    let buffer = AlignedBuffer(outer * inner)
    for row in 0..<outer {
      (buffer.pointer + row * inner).copyMemory(
        from: source.buffer.pointer + (row * count + position) * inner, byteCount: inner)
    }
    return RuntimeTensor(
      ValueFacts(type: source.facts.type, shape: sliceShape), buffer, budget)
  }

  /// Tensors of one type and shape as one tensor with a new dimension at `axis`.
  ///
  /// Nothing is known about the shape of what no iteration has made: no rows give an empty vector.
  static func stack(
    _ rows: [RuntimeTensor], axis: Int, reversed: Bool, _ node: Node, _ budget: RunBudget
  ) throws(InterpreterError) -> RuntimeTensor {
    guard let first = rows.first?.facts else {
      return RuntimeTensor(ValueFacts(type: .float32, shape: [0]), AlignedBuffer(0), budget)
    }
    let rank = first.shape.rank + 1
    let position = axis < 0 ? axis + rank : axis
    guard position >= 0, position < rank, rank <= Limits.rank else {
      throw .node(
        name: node.name, op: node.op,
        .attribute(name: "axes", problem: "is \(axis), outside of \(rank) dimensions"))
    }
    for row in rows where row.facts.shape != first.shape || row.facts.type != first.type {
      throw .node(
        name: node.name, op: node.op,
        .shapeMismatch("iterations give \(first.shape) and \(row.facts.shape)"))
    }
    var extents = first.shape.dimensions
    extents.insert(rows.count, at: position)
    let shape = Shape(extents)
    guard shape.checkedCount != nil else {
      throw .node(
        name: node.name, op: node.op, .shapeMismatch("makes an output that is too large (\(shape))")
      )
    }
    try budget.require(shape.count * first.type.size)
    let buffer = AlignedBuffer(shape.count * first.type.size)
    let outer = Shape(Array(extents[..<position])).count
    let inner = Shape(Array(extents[(position + 1)...])).count * first.type.size
    for (index, row) in rows.enumerated() {
      let place = reversed ? rows.count - 1 - index : index
      for block in 0..<outer {
        (buffer.pointer + (block * rows.count + place) * inner).copyMemory(
          from: row.buffer.pointer + block * inner, byteCount: inner)
      }
    }
    return RuntimeTensor(ValueFacts(type: first.type, shape: shape), buffer, budget)
  }
}
