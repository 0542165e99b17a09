import Kernels
import ModelFormat

/// A copy whose source coordinates come from a table for each dimension, for any element size.
///
/// Padding and nearest-neighbour resizing are copies of this kind.
struct IndexedCopy: Sendable {
  /// For each dimension and target coordinate: the source offset in elements, or -1 for a fill.
  private let tables: [[Int]]
  /// Target elements behind one step of each dimension.
  private let steps: [Int]
  /// Elements that are copied together.
  private let block: Int
  /// The bits of an element that lies outside of the source.
  private let fill: UInt64
  private let elementSize: Int
  private let parts: Int

  /// A copy from a dense source of `sourceExtents`, in memory order.
  ///
  /// `coordinates[d][i]` is the source
  /// coordinate along dimension `d` of target coordinate `i`; -1 stands for `fill`.
  init(coordinates: [[Int]], sourceExtents: [Int], fill: UInt64 = 0, elementSize: Int) {
    var rank = coordinates.count
    var block = 1
    while rank > 0, IndexedCopy.isIdentity(coordinates[rank - 1], sourceExtents[rank - 1]) {
      block *= sourceExtents[rank - 1]
      rank -= 1
    }
    let strides = Shape(sourceExtents).strides
    let targetStrides = Shape(coordinates.map({ $0.count })).strides
    tables = (0..<rank).map { axis in
      coordinates[axis].map { $0 < 0 ? -1 : $0 &* strides[axis] }
    }
    steps = Array(targetStrides[..<rank])
    self.block = block
    self.fill = fill
    self.elementSize = elementSize
    let bytes = coordinates.reduce(elementSize) { $0 &* $1.count }
    parts = bytes >= 1 << 17 && rank > 0 ? min(16, coordinates[0].count) : 1
  }

  private static func isIdentity(_ coordinates: [Int], _ extent: Int) -> Bool {
    coordinates.count == extent && coordinates.indices.allSatisfy { coordinates[$0] == $0 }
  }

  /// Copies from the first input to the first output of a node.
  func run(_ operands: Operands) {
    operands.pool.run(parts: parts) { part in
      switch elementSize {
      case 1: copy(UInt8.self, operands, part)
      case 2: copy(UInt16.self, operands, part)
      case 4: copy(UInt32.self, operands, part)
      default: copy(UInt64.self, operands, part)
      }
    }
  }

  private func copy<T: FixedWidthInteger>(_: T.Type, _ operands: Operands, _ part: Int) {
    let from = operands.input(0, as: T.self)
    let to = operands.output(as: T.self)
    guard let count = tables.first?.count else {
      to.update(from: from, count: block)
      return
    }
    let range = (count * part / parts)..<(count * (part + 1) / parts)
    copy(0, range, from, to, T(truncatingIfNeeded: fill))
  }

  private func copy<T: FixedWidthInteger>(
    _ level: Int, _ range: Range<Int>, _ from: UnsafePointer<T>, _ to: UnsafeMutablePointer<T>,
    _ fill: T
  ) {
    let step = steps[level]
    let isLast = level == tables.count - 1
    tables[level].withUnsafeBufferPointer { table in
      if isLast, block == 1 {
        for i in range { to[i] = table[i] < 0 ? fill : from[table[i]] }
        return
      }
      for i in range {
        let target = to + i * step
        if table[i] < 0 {
          target.update(repeating: fill, count: step)
        } else if isLast {
          target.update(from: from + table[i], count: block)
        } else {
          copy(level + 1, 0..<tables[level + 1].count, from + table[i], target, fill)
        }
      }
    }
  }
}
