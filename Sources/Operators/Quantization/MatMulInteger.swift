import Kernels
import ModelFormat

extension Operator {
  /// MatMulInteger: the product of 8-bit matrices, less their zero points, as int32.
  ///
  /// Inputs: a, b (uint8 or int8), zero points of a (one, or one for each row) and of b (one, or one
  /// for each column), zero where left out.
  static let matMulInteger = Operator(
    "MatMulInteger", since: 10, inputs: 2...4,
    infer: { facts throws(OperatorError) in
      [try facts.result(.int32, try IntegerMatrixProduct(facts, a: 0, b: 1).outputs)]
    },
    multiplyAccumulates: { facts in
      (try? IntegerMatrixProduct(facts, a: 0, b: 1).multiplyAccumulates) ?? 0
    },
    prepare: prepareMatMulInteger)
}

private func prepareMatMulInteger(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let product = try IntegerMatrixProduct(facts, a: 0, b: 1)
  let a = try IntegerFactor(facts, 0, "a", zero: 2, count: product.rows)
  let b = try IntegerFactor(facts, 1, "b", zero: 3, count: product.columns)
  if try facts.output().count == 0 { return .nothing }
  return Execution(kernel: "matmul integer") { operands in
    operands.pool.run(parts: product.batch) { matrix in
      for row in 0..<product.rows {
        product.sum(
          operands, a, b, matrix: matrix, row: row,
          to: operands.output(as: Int32.self) + (matrix * product.rows + row) * product.columns)
      }
    }
  }
}
