import ModelFormat

extension ImportRule {
  /// Constant: its output is the constant; nothing is left to run.
  static let constant = ImportRule { draft, builder throws(ImportProblem) in
    guard let output = draft.outputs.first ?? nil, draft.outputs.count == 1,
      draft.attributes.count == 1, let (key, value) = draft.attributes.first
    else { throw draft.invalid("must have one output and one attribute") }
    let name = builder.graph[output].name
    let tensor: Tensor
    var packed: PackedInteger?
    switch (key, value) {
    case ("value", .tensor(let message)):
      tensor = try builder.tensors.tensor(message, named: name)
      packed = PackedInteger(rawValue: Int64(message.type))
    case ("sparse_value", .sparseTensor(let message)):
      tensor = try builder.tensors.tensor(message, named: name)
    case ("value_float", .float(let value)): tensor = Tensor([value], shape: [])
    case ("value_floats", .floats(let values)): tensor = Tensor(values, shape: [values.count])
    case ("value_int", .int(let value)): tensor = Tensor([value], shape: [])
    case ("value_ints", .ints(let values)): tensor = Tensor(values)
    case ("value_string", _), ("value_strings", _):
      throw draft.unsupported("strings are not supported")
    default: throw draft.invalid("attribute '\(key)' is not one that a constant has")
    }
    builder.fold(output, to: tensor, packed: packed)
    draft.isFolded = true
  }

  /// ConstantOfShape: `value` is an attribute in ONNX and the second input here.
  static let constantOfShape = ImportRule { draft, builder throws(ImportProblem) in
    guard let attribute = draft.attributes.removeValue(forKey: "value") else { return }
    guard case .tensor(let message) = attribute else {
      throw draft.invalid("attribute 'value' must be a tensor")
    }
    let tensor = try builder.tensors.tensor(message, named: "\(draft.name).value")
    guard tensor.shape.count == 1 else {
      throw draft.invalid("attribute 'value' must have one element, not \(tensor.shape.count)")
    }
    draft.setInput(1, builder.constant(tensor, draft, "value"))
  }
}
