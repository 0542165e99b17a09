import ModelFormat

/// Indices that a node reads while it runs, as int32 or int64.
struct IndexReader: Sendable {
  /// The types that indices may have.
  static let types: [ElementType] = [.int64, .int32]

  private let input: Int
  private let isWide: Bool

  /// A reader of the indices in input `input`.
  init(_ facts: NodeFacts, _ input: Int) throws(OperatorError) {
    let indices = try facts.input(input)
    try facts.require(indices, "indices", among: IndexReader.types)
    self.input = input
    isWide = indices.type == .int64
  }

  /// Index `i` as it stands.
  @inline(__always)
  func raw(_ operands: Operands, _ i: Int) -> Int {
    isWide
      ? Int(truncatingIfNeeded: operands.input(input, as: Int64.self)[i])
      : Int(operands.input(input, as: Int32.self)[i])
  }

  /// Index `i` within `0 ..< extent`.
  ///
  /// Negative ones count from the end, others are clamped, so that none leads out of the data. `extent` is at least one.
  @inline(__always)
  func clamped(_ operands: Operands, _ i: Int, _ extent: Int) -> Int {
    let index = raw(operands, i)
    return max(0, min(extent - 1, index < 0 ? index &+ extent : index))
  }

  /// Index `i` counted from the front, or nil where it leads out of `extent`.
  @inline(__always)
  func checked(_ operands: Operands, _ i: Int, _ extent: Int) -> Int? {
    let index = raw(operands, i)
    let position = index < 0 ? index &+ extent : index
    return position >= 0 && position < extent ? position : nil
  }
}

/// The rows of a tensor, each with its offset in another tensor of other strides.
struct StridedRows: Sendable {
  /// Extents of the dimensions before the last.
  let extents: [Int]
  /// Elements of the other tensor between neighbours along these.
  let strides: [Int]

  /// Calls `body` with the number of each row and its offset in the other tensor.
  func forEach(_ body: (_ row: Int, _ offset: Int) -> Void) {
    if extents.contains(0) { return }
    var row = 0
    visit(0, 0, &row, body)
  }

  private func visit(_ level: Int, _ offset: Int, _ row: inout Int, _ body: (Int, Int) -> Void) {
    if level == extents.count {
      body(row, offset)
      row += 1
      return
    }
    for i in 0..<extents[level] { visit(level + 1, offset + i * strides[level], &row, body) }
  }
}

/// Copies `count` elements of `size` bytes from element `source` to element `target`.
@inline(__always)
func copyElements(
  _ from: UnsafeRawPointer, _ source: Int, _ to: UnsafeMutableRawPointer, _ target: Int,
  count: Int, size: Int
) {
  let from = from + source * size
  let to = to + target * size
  switch (count, size) {
  case (1, 4): to.storeBytes(of: from.load(as: UInt32.self), as: UInt32.self)
  case (1, 8): to.storeBytes(of: from.load(as: UInt64.self), as: UInt64.self)
  case (1, 1): to.storeBytes(of: from.load(as: UInt8.self), as: UInt8.self)
  default: to.copyMemory(from: from, byteCount: count * size)
  }
}
