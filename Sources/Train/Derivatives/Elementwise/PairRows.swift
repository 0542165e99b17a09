import ModelFormat
import Operators

/// Where the operands of an elementwise node lie for each element of its output, in rows whose steps are
/// the same throughout.
struct PairRows: Sendable {
  /// Rows, and elements of each.
  let rows: Int, count: Int
  /// The steps of both operands along a row: 0 where one element serves all.
  let steps: (a: Int, b: Int)
  /// The outer dimensions: extent, and the operands' steps.
  private let outer: [(extent: Int, a: Int, b: Int)]

  /// The rows of `output`, for two operands that broadcast to it.
  init(_ output: ValueFacts, _ a: ValueFacts, _ b: ValueFacts) {
    let (first, second) = (Self.steps(a, output), Self.steps(b, output))
    var merged: [(extent: Int, a: Int, b: Int)] = []
    for (axis, extent) in output.physicalShape.dimensions.enumerated() where extent != 1 {
      let next = (extent: extent, a: first[axis], b: second[axis])
      if let last = merged.last, last.a == next.a * extent, last.b == next.b * extent {
        merged[merged.count - 1] = (last.extent * extent, next.a, next.b)
      } else {
        merged.append(next)
      }
    }
    let inner = merged.popLast() ?? (1, 0, 0)
    count = inner.extent
    steps = (inner.a, inner.b)
    outer = merged
    rows = merged.reduce(1) { $0 * $1.extent }
  }

  /// An operand's steps along the output's dimensions, in the output's memory order.
  private static func steps(_ operand: ValueFacts, _ output: ValueFacts) -> [Int] {
    let rank = output.shape.rank
    let missing = rank - operand.shape.rank
    // An operand of lower rank lies row-major; its dimensions are the output's last.
    let own = missing == 0 ? operand.strides : operand.shape.strides
    return output.physicalOrder.map { axis in
      axis < missing || operand.shape[axis - missing] == 1 ? 0 : own[axis - missing]
    }
  }

  /// The outermost dimension: its extent, and the operands' steps; nil where there is one row.
  var outermost: (extent: Int, a: Int, b: Int)? { outer.first }

  /// Where row `row` begins in both operands.
  func offsets(_ row: Int) -> (a: Int, b: Int) {
    var (rest, a, b) = (row, 0, 0)
    for dimension in outer.reversed() {
      let place = rest % dimension.extent
      rest /= dimension.extent
      a += place * dimension.a
      b += place * dimension.b
    }
    return (a, b)
  }
}
