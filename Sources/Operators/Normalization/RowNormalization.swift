import Kernels
import ModelFormat

extension NodeFacts {
  /// Refuses input `index` unless it is a vector of `count` elements.
  func requireVector(_ index: Int, count: Int) throws(OperatorError) {
    let shape = try input(index).shape
    guard shape == [count] else {
      throw .shapeMismatch("input \(index) is \(shape), but there are \(count) channels")
    }
  }

  /// The first of the trailing dimensions that `axis` says are normalized.
  package func normalizedAxis() throws(OperatorError) -> Int {
    try axis(try int("axis", default: -1), rank: try input(0).shape.rank)
  }

  /// Refuses input `index` unless it has one element for each of a normalized row, or one alone.
  func requireRow(_ index: Int, from axis: Int) throws(OperatorError) {
    let row = Shape([Int](try input(0).shape.dimensions[axis...]))
    let shape = try input(index).shape
    let leading = shape.rank - row.rank
    let isRow =
      leading >= 0 && shape.dimensions[..<leading].allSatisfy { $0 == 1 }
      && Shape([Int](shape.dimensions[leading...])) == row
    guard isRow || shape.checkedCount == 1 else {
      throw .shapeMismatch("input \(index) is \(shape), but the normalized dimensions are \(row)")
    }
  }
}

/// The sum of `count` elements less `mean`, squared.
@inline(__always)
func squaredDeviation(_ x: UnsafePointer<Float>, _ count: Int, from mean: Float) -> Float {
  var totals = InlineArray<8, Float>(repeating: 0)
  var i = 0
  while i + 8 <= count {
    for lane in 0..<8 { totals[lane] += (x[i + lane] - mean) * (x[i + lane] - mean) }
    i += 8
  }
  var total: Float = 0
  for lane in 0..<8 { total += totals[lane] }
  while i < count {
    total += (x[i] - mean) * (x[i] - mean)
    i += 1
  }
  return total
}

/// The mean of a run of elements, and one over their standard deviation.
@inline(__always)
func statistics(
  _ x: UnsafePointer<Float>, _ count: Int, _ epsilon: Float
) -> (mean: Float, inverse: Float) {
  let mean = totalOfRun(x, count, ReduceSumFunction()) / Float(count)
  let variance = squaredDeviation(x, count, from: mean) / Float(count)
  return (mean, 1 / (variance + epsilon).squareRoot())
}
