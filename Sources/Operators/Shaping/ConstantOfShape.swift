import ModelFormat

extension Operator {
  /// ConstantOfShape: a tensor of one repeated value.
  ///
  /// Inputs: shape (constant integers), value (one element of any type; float32 zero where left out).
  /// ONNX has the value as an attribute; the importer makes it the second input.
  static let constantOfShape = Operator(
    "ConstantOfShape", since: 21, inputs: 1...2, infer: inferConstantOfShape,
    prepare: prepareConstantOfShape)
}

private func inferConstantOfShape(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  _ = try facts.input(0)
  let extents = try facts.constantIntegers(0, "shape") ?? []
  let value = facts.optionalInput(1)
  if let value, value.count != 1 {
    throw .shapeMismatch("the value has \(value.count) elements, but must have one")
  }
  return [try facts.result(value?.type ?? .float32, extents)]
}

private func prepareConstantOfShape(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let result = try facts.output()
  let bytes = result.byteCount
  guard facts.optionalInput(1) != nil else {
    return Execution(kernel: "fill") { operands in
      operands.rawOutput().initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
  }
  let copy = StridedCopy(
    extents: [result.count], sourceStrides: [0], targetStrides: [1], elementSize: result.type.size)
  return Execution(kernel: "fill") { operands in copy.run(operands, input: 1) }
}
