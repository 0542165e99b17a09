import Kernels
import ModelFormat

extension Operator {
  /// Det: the determinant of each of a stack of square matrices, by elimination with pivots in
  /// float64.
  static let det = Operator(
    "Det", since: 22, inputs: 1...1,
    infer: { facts throws(OperatorError) in
      let x = try facts.input(0)
      guard x.shape.rank >= 2, x.shape[x.shape.rank - 1] == x.shape[x.shape.rank - 2] else {
        throw .shapeMismatch("\(x.shape) is no stack of square matrices")
      }
      return [try facts.result(x.type, Array(x.shape.dimensions.dropLast(2)))]
    },
    scans: { facts in
      guard let x = facts.optionalInput(0), let size = x.shape.dimensions.last else { return 0 }
      return .saturatingProduct(x.count, size)
    },
    prepare: prepareDet)
}

private func prepareDet(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32, .float64])
  let (type, size) = (x.type, x.shape[x.shape.rank - 1])
  let count = try facts.output().count
  // The matrices of an empty stack may be of any size.
  if count == 0 { return .nothing }
  return Execution(kernel: "determinant", scratchBytes: size * size * 8) { operands in
    let matrix = operands.scratch.assumingMemoryBound(to: Double.self)
    for index in 0..<count {
      type.readReals(operands.rawInput(0) + index * size * size * type.size, size * size, matrix)
      var result = determinant(matrix, size)
      type.writeReals(&result, 1, operands.rawOutput() + index * type.size)
    }
  }
}

/// The determinant of a matrix of `n` rows, which is overwritten.
private func determinant(_ matrix: UnsafeMutablePointer<Double>, _ n: Int) -> Double {
  var product = 1.0
  for column in 0..<n {
    var pivot = column
    for row in column..<n
    where matrix[row * n + column].magnitude > matrix[pivot * n + column].magnitude {
      pivot = row
    }
    let value = matrix[pivot * n + column]
    product *= value
    if value == 0 { return product }
    if pivot != column {
      product = -product
      for i in column..<n {
        let kept = matrix[column * n + i]
        matrix[column * n + i] = matrix[pivot * n + i]
        matrix[pivot * n + i] = kept
      }
    }
    for row in (column + 1)..<max(n, column + 1) {
      let factor = matrix[row * n + column] / value
      for i in column..<n { matrix[row * n + i] -= factor * matrix[column * n + i] }
    }
  }
  return product
}
