import Kernels
import ModelFormat

/// Products of 8-bit matrices with int32 sums, over batches that are broadcast.
struct IntegerMatrixProduct: Sendable {
  /// Extents of the output.
  let outputs: [Int]
  let rows: Int
  let depth: Int
  let columns: Int
  private let a: Int
  private let b: Int
  /// Matrices of the output, and how they are counted.
  let batch: Int
  private let batchExtents: [Int]
  /// How far each batch dimension leads in the factors, in matrices.
  private let stridesA: [Int]
  private let stridesB: [Int]

  /// The product of inputs `a` and `b`, with the shape rules of numpy's matmul.
  init(_ facts: NodeFacts, a: Int, b: Int) throws(OperatorError) {
    var left = try facts.input(a).shape.dimensions
    var right = try facts.input(b).shape.dimensions
    guard let first = left.last, !right.isEmpty else {
      throw .rank(operand: "input", found: 0, expected: "1 or more")
    }
    let (isRow, isColumn) = (left.count == 1, right.count == 1)
    if isRow { left = [1, first] }
    if isColumn { right.append(1) }
    (rows, depth, columns) = (left[left.count - 2], first, right[right.count - 1])
    guard right[right.count - 2] == first else {
      throw .shapeMismatch("\(Shape(left)) cannot be multiplied with \(Shape(right))")
    }
    let rank = max(left.count, right.count) - 2
    let m = [Int](repeating: 1, count: rank + 2 - left.count) + left.dropLast(2)
    let n = [Int](repeating: 1, count: rank + 2 - right.count) + right.dropLast(2)
    var batch: [Int] = []
    for axis in 0..<rank {
      guard m[axis] == n[axis] || m[axis] == 1 || n[axis] == 1 else {
        throw .shapeMismatch("batches \(Shape(m)) and \(Shape(n)) do not fit together")
      }
      batch.append(m[axis] == 1 ? n[axis] : m[axis])
    }
    outputs = batch + (isRow ? [] : [rows]) + (isColumn ? [] : [columns])
    (self.a, self.b) = (a, b)
    self.batch = Shape(batch).count
    batchExtents = batch
    stridesA = zip(m, Shape(m).strides).map { $0 == 1 ? 0 : $1 }
    stridesB = zip(n, Shape(n).strides).map { $0 == 1 ? 0 : $1 }
  }

  /// Which matrices make up matrix `index` of the output.
  private func factors(_ index: Int) -> (a: Int, b: Int) {
    var rest = index
    var pair = (a: 0, b: 0)
    for axis in stride(from: batchExtents.count - 1, through: 0, by: -1) {
      let (next, i) = rest.quotientAndRemainder(dividingBy: batchExtents[axis])
      pair.a += i * stridesA[axis]
      pair.b += i * stridesB[axis]
      rest = next
    }
    return pair
  }

  /// Multiply-accumulate operations.
  var multiplyAccumulates: Int { .saturatingProduct(Shape(outputs).count, depth) }

  /// Sums up row `row` of matrix `index`.
  func sum(
    _ operands: Operands, _ first: IntegerFactor, _ second: IntegerFactor, matrix index: Int,
    row: Int, to sums: UnsafeMutablePointer<Int32>
  ) {
    let zero = first.zeroPoint(operands, row)
    let pair = factors(index)
    let offset = (pair.a * rows + row) * depth
    var total: Int32 = 0
    sums.update(repeating: 0, count: columns)
    for k in 0..<depth {
      let value =
        (first.isSigned
          ? Int32(operands.input(a, as: Int8.self)[offset + k])
          : Int32(operands.input(a, as: UInt8.self)[offset + k])) &- zero
      total &+= value
      let place = (pair.b * depth + k) * columns
      if second.isSigned {
        add(value, operands.input(b, as: Int8.self) + place, sums)
      } else {
        add(value, operands.input(b, as: UInt8.self) + place, sums)
      }
    }
    for j in 0..<columns { sums[j] &-= total &* second.zeroPoint(operands, j) }
  }

  @inline(__always)
  private func add<T: FixedWidthInteger>(
    _ value: Int32, _ from: UnsafePointer<T>, _ sums: UnsafeMutablePointer<Int32>
  ) {
    // Factors of 16 bits tell the compiler that a multiplication of 16 bits will do.
    let factor = Int16(truncatingIfNeeded: value)
    for j in 0..<columns {
      sums[j] &+= Int32(factor) &* Int32(Int16(truncatingIfNeeded: from[j]))
    }
  }
}
