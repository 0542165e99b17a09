import ModelFormat

extension Operator {
  /// QLinearMatMul: the product of quantized matrices, quantized.
  ///
  /// Inputs: a, scale, zero point; b, scale, zero point; scale and zero point of the output. Those of
  /// a may be one for each row, those of b one for each column. The sums are int32; they are
  /// requantized in float32.
  static let qLinearMatMul = Operator(
    "QLinearMatMul", since: 21, inputs: 8...8,
    infer: { facts throws(OperatorError) in
      [
        try facts.result(
          try facts.input(7).type, try IntegerMatrixProduct(facts, a: 0, b: 3).outputs)
      ]
    },
    multiplyAccumulates: { facts in
      (try? IntegerMatrixProduct(facts, a: 0, b: 3).multiplyAccumulates) ?? 0
    },
    prepare: prepareQLinearMatMul)
}

private func prepareQLinearMatMul(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let product = try IntegerMatrixProduct(facts, a: 0, b: 3)
  let columns = product.columns
  let a = try IntegerFactor(facts, 0, "a", zero: 2, count: product.rows)
  let b = try IntegerFactor(facts, 3, "b", zero: 5, count: columns)
  let result = try FloatRequantization(
    facts, a: 1, rows: product.rows, b: 4, columns: columns, y: 6, zero: 7)
  if try facts.output().count == 0 { return .nothing }
  return Execution(
    kernel: "qlinear matmul", scratchBytes: columns * MemoryLayout<Int32>.stride
  ) { operands in
    let sums = operands.scratch.assumingMemoryBound(to: Int32.self)
    for matrix in 0..<product.batch {
      for row in 0..<product.rows {
        product.sum(operands, a, b, matrix: matrix, row: row, to: sums)
        result.store(
          sums, count: columns, operands, at: (matrix * product.rows + row) * columns, row: row,
          column: 0, step: 1)
      }
    }
  }
}
