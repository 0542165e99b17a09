import ModelFormat

/// Functions that older operator sets spell out.
extension ExportRule {
  /// HardSwish: `x · HardSigmoid(x)` below opset 14.
  static let hardSwish = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 14 { return scope.add(draft) }
    let base = draft.node.name
    let gate = scope.emit(
      "HardSigmoid", [draft.input(0)], ["alpha": .float(1 / 6), "beta": .float(0.5)], base: base)
    scope.emit("Mul", [draft.input(0), gate], base: base, output: draft.outputs[0])
  }

  /// Swish: `x · Sigmoid(alpha · x)` below opset 24.
  static let swish = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 24 { return scope.add(draft) }
    let base = draft.node.name
    var inner = draft.input(0)
    let alpha = draft.float("alpha") ?? 1
    if alpha != 1 {
      let factor = scope.scalar(alpha, base: "\(base).alpha")
      inner = scope.emit("Mul", [inner, factor], base: base)
    }
    let gate = scope.emit("Sigmoid", [inner], base: base)
    scope.emit("Mul", [draft.input(0), gate], base: base, output: draft.outputs[0])
  }

  /// Mish: `x · Tanh(Softplus(x))` below opset 18.
  static let mish = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 18 { return scope.add(draft) }
    let base = draft.node.name
    let inner = scope.emit("Softplus", [draft.input(0)], base: base)
    let gate = scope.emit("Tanh", [inner], base: base)
    scope.emit("Mul", [draft.input(0), gate], base: base, output: draft.outputs[0])
  }

  /// Gelu: with Erf or Tanh below opset 20.
  static let gelu = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 20 { return scope.add(draft) }
    let (base, x) = (draft.node.name, draft.input(0))
    let gate: String
    if draft.string("approximate") == "tanh" {
      let square = scope.emit("Mul", [x, x], base: base)
      let cube = scope.emit("Mul", [square, x], base: base)
      let part = scope.emit(
        "Mul", [cube, scope.scalar(0.044715, base: "\(base).c")], base: base)
      let sum = scope.emit("Add", [x, part], base: base)
      let inner = scope.emit(
        "Mul", [sum, scope.scalar(0.797_884_56, base: "\(base).root")], base: base)
      gate = scope.emit("Tanh", [inner], base: base)
    } else {
      let inner = scope.emit(
        "Mul", [x, scope.scalar(0.707_106_77, base: "\(base).root")], base: base)
      gate = scope.emit("Erf", [inner], base: base)
    }
    let more = scope.emit("Add", [gate, scope.scalar(1, base: "\(base).one")], base: base)
    let half = scope.emit("Mul", [x, scope.scalar(0.5, base: "\(base).half")], base: base)
    scope.emit("Mul", [half, more], base: base, output: draft.outputs[0])
  }

  /// Dropout: nothing, at inference.
  static let dropout = ExportRule { draft, scope throws(ExportRefusal) in
    guard draft.outputs.count == 1 else { throw .unsupported("with a mask has no form") }
    scope.emit("Identity", [draft.input(0)], base: draft.node.name, output: draft.outputs[0])
  }

  /// Cast: numbers that are to be rounded to half precision pass through it.
  static let cast = ExportRule { draft, scope throws(ExportRefusal) in
    try scope.cast(draft, to: draft.attributes["to"])
  }

  /// CastLike: a Cast to the type of the result.
  static let castLike = ExportRule { draft, scope throws(ExportRefusal) in
    let type = draft.node.outputs[0].map { scope.graph[$0].type } ?? .float32
    try scope.cast(draft, to: .int(Int64(type.rawValue)))
  }

  /// QuantizeLinear and DequantizeLinear.
  static let quantizationStep = ExportRule { draft, scope throws(ExportRefusal) in
    var draft = draft
    guard [nil, 8].contains(draft.int("bits")) else {
      throw .unsupported("to integers of \(draft.int("bits") ?? 0) bits has no form")
    }
    draft.attributes["bits"] = nil
    if draft.int("block_size") ?? 0 == 0 {
      draft.attributes["block_size"] = nil
    } else if scope.opset < 21 {
      throw .needs(opset: 21, "by blocks")
    }
    let isQuantize = draft.op == "QuantizeLinear"
    let integers = isQuantize ? draft.node.outputs[0] : draft.value(0)
    let type = integers.map { scope.graph[$0].type } ?? .uint8
    if [.int16, .uint16].contains(type), scope.opset < 21 {
      throw .needs(opset: 21, "with integers of 16 bits")
    }
    if isQuantize, draft.input(2) == nil, type != .uint8 {
      let shape = draft.value(1).flatMap { scope.graph[$0].shape } ?? []
      let zeros = Tensor(
        type: type, shape: shape,
        bytes: Bytes([UInt8](repeating: 0, count: shape.count * type.size)))
      let zero = scope.constant(zeros, base: "\(draft.node.name).zero_point")
      draft.inputs = Array(draft.inputs.prefix(2)) + [zero]
    }
    draft.attributes["output_dtype"] = nil
    scope.add(draft)
  }
}

extension ExportScope {
  fileprivate mutating func cast(_ draft: ExportDraft, to type: Attribute?) throws(ExportRefusal) {
    var draft = draft
    draft.op = "Cast"
    draft.inputs = Array(draft.inputs.prefix(1))
    if let rounding = draft.string("rounding") {
      let narrow: ElementType = rounding == "bfloat16" ? .bfloat16 : .float16
      draft.inputs[0] = emit(
        "Cast", [draft.input(0)], ["to": .int(Int64(narrow.rawValue))], base: draft.node.name)
    }
    draft.attributes = ["to": type ?? .int(1)]
    add(draft)
  }
}
