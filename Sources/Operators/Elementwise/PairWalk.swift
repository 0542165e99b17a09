import Kernels

/// How a kernel for two operands walks them: the first in full, the second in full, one row or one
/// scalar again and again.
struct PairWalk: Sendable {
  private let walk: Broadcast
  /// Whether the kernel's first operand is the node's second.
  let isSwapped: Bool
  /// Elements between neighbours in a row of the kernel's second operand: 1 or 0.
  let step: Int

  /// The walk that a kernel can do, or nil.
  init?(_ walk: Broadcast) {
    switch (walk.columnStrides[0], walk.columnStrides[1]) {
    case (1, 1): isSwapped = !walk.isWhole(0) && walk.isWhole(1)
    case (1, 0): isSwapped = false
    case (0, 1): isSwapped = true
    default: return nil
    }
    step = walk.columnStrides[isSwapped ? 0 : 1]
    self.walk = walk
  }

  /// Rows that a kernel computes in one call.
  struct Rows {
    var count: Int
    var columns: Int
    /// Where the kernel's operands and the output begin.
    var first: Int
    var second: Int
    var output: Int
    /// From row to row of the second operand.
    var secondRow: Int
  }

  /// Calls `body` with rows that together make the output, on all threads.
  @inline(__always)
  func run(_ operands: Operands, _ body: @Sendable (Rows) -> Void) {
    let (a, b) = isSwapped ? (1, 0) : (0, 1)
    let columns = walk.columns
    if walk.rows == 1 {
      operands.split(columns, grain: 1 << 14) { range in
        let start = range.lowerBound
        body(
          Rows(
            count: 1, columns: range.count, first: start, second: start &* step, output: start,
            secondRow: 0))
      }
      return
    }
    // Rows that differ in the innermost outer dimension alone are one call.
    let run = walk.isWhole(a) ? walk.rowsInRun : 1
    operands.split(walk.rows, grain: max(1, (1 << 14) / max(1, columns))) { range in
      var row = range.lowerBound
      while row < range.upperBound {
        let count = min(run - row % run, range.upperBound - row)
        body(
          Rows(
            count: count, columns: columns, first: walk.start(ofRow: row, operand: a),
            second: walk.start(ofRow: row, operand: b), output: row &* columns,
            secondRow: walk.rowStride(b)))
        row += count
      }
    }
  }
}

extension NodeFacts {
  /// An execution that combines two operands of float32 by a kernel, or nil where none walks them.
  func vectorized(
    _ operation: BinaryOperation, _ walk: Broadcast, overwrites: Int?
  ) -> Execution? {
    guard let pairs = PairWalk(walk) else { return nil }
    let kernels = VectorKernels.best
    let operation = pairs.isSwapped ? operation.swapped : operation
    let (a, b) = pairs.isSwapped ? (1, 0) : (0, 1)
    return Execution(kernel: kernels.binaryName, overwrites: overwrites) { operands in
      pairs.run(operands) { rows in
        kernels.apply(
          operation, operands.input(a, as: Float.self) + rows.first,
          operands.input(b, as: Float.self) + rows.second,
          to: operands.output(as: Float.self) + rows.output, rows: rows.count,
          count: rows.columns, bRow: rows.secondRow, bStep: pairs.step)
      }
    }
  }
}
