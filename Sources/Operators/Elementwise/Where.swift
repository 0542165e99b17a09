import Kernels
import ModelFormat

extension Operator {
  /// Where: elements of the second input where the first is true, else of the third, with
  /// broadcasting; elements of any type.
  static let `where` = Operator(
    "Where", since: 16, inputs: 3...3, layout: .follow, infer: inferWhere, prepare: prepareWhere)
}

private func inferWhere(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  try facts.require(try facts.input(0), "the condition", among: [.bool])
  let x = try facts.input(1)
  try facts.require(try facts.input(2), "the third input", among: [x.type])
  return [try facts.broadcastOutput(x.type)]
}

private func prepareWhere(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  if facts.inputs.contains(where: { $0?.quantization != nil }) {
    throw .unsupported("quantized inputs are not supported")
  }
  switch try facts.output().type.size {
  case 1: return try select(facts, UInt8.self)
  case 2: return try select(facts, UInt16.self)
  case 4: return try select(facts, UInt32.self)
  default: return try select(facts, UInt64.self)
  }
}

private func select<T: BitwiseCopyable & Sendable>(
  _ facts: NodeFacts, _: T.Type
) throws(OperatorError) -> Execution {
  let walk = Broadcast(
    try facts.output(), [try facts.input(0), try facts.input(1), try facts.input(2)])
  let strides = (walk.columnStrides[0], walk.columnStrides[1], walk.columnStrides[2])
  return Execution(kernel: "select") { operands in
    operands.split(walk.rows, grain: max(1, (1 << 14) / max(1, walk.columns))) { range in
      for row in range {
        let condition =
          operands.input(0, as: UInt8.self) + walk.start(ofRow: row, operand: 0)
        let x = operands.input(1, as: T.self) + walk.start(ofRow: row, operand: 1)
        let y = operands.input(2, as: T.self) + walk.start(ofRow: row, operand: 2)
        let out = operands.output(as: T.self) + row &* walk.columns
        for i in 0..<walk.columns {
          out[i] = condition[i &* strides.0] != 0 ? x[i &* strides.1] : y[i &* strides.2]
        }
      }
    }
  }
}
