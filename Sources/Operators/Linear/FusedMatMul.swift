import Kernels
import ModelFormat

extension Operator {
  /// ONNX Runtime's FusedMatMul: MatMul of matrices that may lie transposed, times a factor.
  ///
  /// Attributes: `transA` (0) and `transB` (0), whether the last two dimensions of an input change
  /// places; `alpha` (1), the factor.
  static let fusedMatMul = Operator(
    "com.microsoft.FusedMatMul", since: 1, inputs: 2...2, infer: inferMatMul,
    multiplyAccumulates: matMulMultiplyAccumulates, prepare: prepareFusedMatMul)
}

private func prepareFusedMatMul(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  try facts.require(try facts.input(0), "input A", among: [.float32])
  var execution = try prepareMatMul(facts)
  let alpha = try facts.float("alpha", default: 1)
  if alpha == 1 { return execution }
  let product = execution.run
  let count = try facts.output().count
  execution.run = { operands in
    product(operands)
    let y = operands.output(as: Float.self)
    for i in 0..<count { y[i] *= alpha }
  }
  return execution
}
