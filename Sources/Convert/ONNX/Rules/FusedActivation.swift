import ModelFormat

extension ImportRule {
  /// FusedConv: Conv, the sum with an optional fourth input, and an activation.
  static let fusedConv = ImportRule { draft, builder throws(ImportProblem) in
    let activation = try draft.takeActivation(
      parameters: try draft.floats("activation_params") ?? [])
    draft.attributes["activation_params"] = nil
    let residual = draft.input(3)
    draft.op = "Conv"
    draft.inputs = Array(draft.inputs.prefix(3))
    if let residual {
      let sum = builder.node(
        "Conv", before: draft, draft.inputs, "convolution", try draft.plainAttributes())
      draft.op = "Add"
      draft.inputs = [sum, residual]
      draft.attributes = [:]
    }
    try draft.apply(activation, &builder)
  }

  /// FusedGemm: Gemm and an activation.
  static let fusedGemm = ImportRule { draft, builder throws(ImportProblem) in
    var parameters: [Float] = []
    for key in ["activation_alpha", "activation_beta", "activation_gamma"] {
      guard let value = try draft.float(key) else { continue }
      parameters.append(value)
      draft.attributes[key] = nil
    }
    let activation = try draft.takeActivation(parameters: parameters)
    draft.op = "Gemm"
    try draft.apply(activation, &builder)
  }
}

/// The activation behind a fused operator: a node of its own.
private struct FusedActivation {
  let op: String
  var attributes: [String: ONNXAttribute] = [:]
  /// Bounds of a Clip, which are inputs.
  var bounds: [Float] = []
}

extension NodeDraft {
  /// Removes the attribute `activation` and returns what it means; nil where there is none.
  fileprivate mutating func takeActivation(
    parameters: [Float]
  ) throws(ImportProblem) -> FusedActivation? {
    guard let name = try string("activation"), !name.isEmpty else { return nil }
    self.attributes["activation"] = nil
    func named(_ names: String...) -> [String: ONNXAttribute] {
      Dictionary(
        zip(names, parameters.map { .float($0) }), uniquingKeysWith: { first, _ in first })
    }
    switch name {
    case "Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish":
      return FusedActivation(op: name)
    case "LeakyRelu", "Elu", "ThresholdedRelu":
      return FusedActivation(op: name, attributes: named("alpha"))
    case "HardSigmoid": return FusedActivation(op: name, attributes: named("alpha", "beta"))
    case "Selu": return FusedActivation(op: name, attributes: named("alpha", "gamma"))
    case "Clip": return FusedActivation(op: name, bounds: parameters)
    default: throw unsupported("the activation '\(name)' is not supported")
    }
  }

  /// Adds the node as it is, and makes it the activation behind that.
  fileprivate mutating func apply(
    _ activation: FusedActivation?, _ builder: inout GraphBuilder
  ) throws(ImportProblem) {
    guard let activation else { return }
    let linear = builder.node(op, before: self, inputs, "linear", try plainAttributes())
    op = activation.op
    inputs = [linear]
    attributes = activation.attributes
    for (index, bound) in activation.bounds.prefix(2).enumerated() {
      setInput(index + 1, builder.constant(Tensor([bound], shape: []), self, "bound\(index)"))
    }
  }
}
