import Kernels
import ModelFormat

extension Operator {
  /// Dropout as it is at inference: the input as it is, and a mask that keeps everything.
  ///
  /// Inputs: data, and the ratio and training_mode, which may not be true. Outputs: data, mask.
  static let dropout = Operator(
    "Dropout", since: 22, inputs: 1...3, outputs: 1...2, layout: .follow,
    quantization: .passthrough, infer: inferDropout, prepare: prepareDropout)
}

private func inferDropout(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  if let training = facts.optionalInput(2) {
    guard training.shape.checkedCount == 1 else {
      throw .shapeMismatch("training_mode is \(training.shape), but must be one bool")
    }
    // Training that drops nothing is no training.
    if try facts.constantIntegers(2, "training_mode")?.first != 0,
      try facts.constantFloats(1, "ratio") != [0]
    {
      throw .unsupported("training drops elements at random, which is not supported")
    }
  }
  let data = try facts.sameAsInput()
  return facts.node.outputs.count < 2 ? [data] : [data, try facts.boolLikeInput()]
}

private func prepareDropout(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  let bytes = x.byteCount
  let count = facts.node.outputs.count > 1 && facts.node.outputs[1] != nil ? x.count : 0
  return Execution(kernel: "copy", overwrites: 0) { operands in
    operands.copyFirstInput(bytes)
    if count > 0 { operands.output(1, as: UInt8.self).update(repeating: 1, count: count) }
  }
}
