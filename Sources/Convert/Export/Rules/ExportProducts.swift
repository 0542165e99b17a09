import ModelFormat

/// Conv and Gemm: fused activations, residuals, ranks and arithmetic become nodes of their own.
extension ExportRule {
  /// Conv with up to four inputs.
  static let conv = ExportRule { draft, scope throws(ExportRefusal) in
    if draft.string("quantization") == "dynamic" {
      return try scope.dynamicProduct(draft, isConv: true)
    }
    let hasResidual = draft.input(3) != nil
    let bounds = ExportBounds(draft)
    let weights = try scope.weights(draft)
    let bias = scope.bias(draft)
    let base = draft.node.name
    var attributes = draft.attributes
    for name in ExportBounds.attributes { attributes[name] = nil }
    let steps = (hasResidual ? 1 : 0) + bounds.count
    var value = scope.emit(
      "Conv", [draft.input(0), weights, bias], attributes, base: base,
      output: steps == 0 ? draft.outputs[0] : nil)
    if hasResidual {
      value = scope.emit(
        "Add", [value, draft.input(3)], base: base,
        output: bounds.count == 0 ? draft.outputs[0] : nil)
    }
    scope.clamp(value, bounds, base: base, output: draft.outputs[0])
  }

  /// Gemm: a MatMul where the left matrix has more than two dimensions.
  static let gemm = ExportRule { draft, scope throws(ExportRefusal) in
    if draft.string("quantization") == "dynamic" {
      return try scope.dynamicProduct(draft, isConv: false)
    }
    let bounds = ExportBounds(draft)
    let base = draft.node.name
    var attributes = draft.attributes
    for name in ExportBounds.attributes { attributes[name] = nil }
    let rank = draft.value(0).flatMap { scope.graph[$0].shape?.rank }
    if rank == 2 {
      let value = scope.emit(
        "Gemm", [draft.input(0), try scope.weights(draft), scope.bias(draft)], attributes,
        base: base, output: bounds.count == 0 ? draft.outputs[0] : nil)
      return scope.clamp(value, bounds, base: base, output: draft.outputs[0])
    }
    guard draft.int("transB") == 1, [nil, 0].contains(draft.int("transA")),
      [nil, 1].contains(draft.float("alpha")), [nil, 1].contains(draft.float("beta"))
    else { throw .unsupported("of more than two dimensions, transposed or scaled, has no form") }
    let weights: String
    if let id = draft.value(1), let tensor = scope.graph[id].constant {
      weights = scope.transposed(tensor, base: scope.name(id))
    } else {
      weights = scope.emit(
        "Transpose", [draft.input(1)], ["perm": .ints([1, 0])], base: base)
    }
    let bias = scope.bias(draft, isReal: true)
    let steps = bounds.count + (bias == nil ? 0 : 1)
    var value = scope.emit(
      "MatMul", [draft.input(0), weights], base: base,
      output: steps == 0 ? draft.outputs[0] : nil)
    if let bias {
      value = scope.emit(
        "Add", [value, bias], base: base, output: bounds.count == 0 ? draft.outputs[0] : nil)
    }
    scope.clamp(value, bounds, base: base, output: draft.outputs[0])
  }

  /// BatchNormalization with a fused activation.
  static let batchNormalization = ExportRule { draft, scope throws(ExportRefusal) in
    let bounds = ExportBounds(draft)
    var draft = draft
    for name in ExportBounds.attributes + ["training_mode", "spatial"] {
      draft.attributes[name] = nil
    }
    let output = draft.outputs[0]
    if bounds.count > 0 { draft.outputs[0] = scope.names.value("\(output).normalized") }
    scope.add(draft)
    scope.clamp(draft.outputs[0], bounds, base: draft.node.name, output: output)
  }

  /// MatMulNBits: `g_idx`, which Pare does not take, stands before the bias.
  static let matMulNBits = ExportRule { draft, scope throws(ExportRefusal) in
    var draft = draft
    if draft.inputs.count > 4 { draft.inputs.insert(nil, at: 4) }
    scope.add(draft)
  }

  /// FusedMatMul: transpositions, the product and the factor.
  static let fusedMatMul = ExportRule { draft, scope throws(ExportRefusal) in
    let base = draft.node.name
    var factors = [draft.input(0), draft.input(1)]
    for (place, name) in ["transA", "transB"].enumerated() where draft.int(name) ?? 0 != 0 {
      guard let id = draft.value(place), let rank = scope.graph[id].shape?.rank, rank >= 2 else {
        throw .unsupported("transposes a value of unknown rank")
      }
      let order = Array(0..<(rank - 2)) + [rank - 1, rank - 2]
      factors[place] = scope.emit(
        "Transpose", [factors[place]], ["perm": .ints(order.map { Int64($0) })], base: base)
    }
    let alpha = draft.float("alpha") ?? 1
    let value = scope.emit(
      "MatMul", factors, base: base, output: alpha == 1 ? draft.outputs[0] : nil)
    guard alpha != 1 else { return }
    let factor = scope.scalar(alpha, base: "\(base).alpha")
    scope.emit("Mul", [value, factor], base: base, output: draft.outputs[0])
  }
}

/// What a fused activation does.
struct ExportBounds {
  /// Attributes of nodes that only Pare has.
  static let attributes = ["activation", "activation_min", "activation_max", "quantization"]

  let activation: String?
  let low: Float?
  let high: Float?

  init(_ draft: ExportDraft) {
    activation = draft.string("activation").flatMap { $0.isEmpty ? nil : $0 }
    low = draft.float("activation_min")
    high = draft.float("activation_max")
  }

  /// Nodes that it takes.
  var count: Int { activation == nil ? 0 : 1 }
}

extension ExportScope {
  /// The activation behind `value`, if there is one.
  mutating func clamp(_ value: String, _ bounds: ExportBounds, base: String, output: String) {
    guard bounds.count > 0 else { return }
    if bounds.activation == "Relu" {
      emit("Relu", [value], base: base, output: output)
      return
    }
    let low = bounds.low.map { scalar($0, base: "\(base).min") }
    let high = bounds.high.map { scalar($0, base: "\(base).max") }
    emit("Clip", [value, low, high], base: base, output: output)
  }

  /// The weights of a product, as real numbers.
  mutating func weights(_ draft: ExportDraft) throws(ExportRefusal) -> String {
    if let name = draft.input(1) { return name }
    guard let id = draft.value(1) else { throw .unsupported("has no weights") }
    return operand(id)
  }

  /// The bias of a product: as integers in steps of input and weights where all of it is quantized, so
  /// that runtimes find an integer product, and it rounds as ours.
  mutating func bias(_ draft: ExportDraft, isReal: Bool = false) -> String? {
    if let name = draft.input(2) { return name }
    guard let id = draft.value(2), let tensor = graph[id].constant else { return nil }
    guard !isReal, let x = draft.value(0), let input = integerParameters(x),
      let y = draft.node.outputs[0], integerParameters(y) != nil, let w = draft.value(1),
      let weights = graph[w].constant?.quantization,
      weights.axis == nil || weights.axis == 0
    else { return operand(id) }
    let elements = tensor.floats()
    let isWhole = weights.axis == nil
    guard isWhole || weights.scales.count == elements.count else { return operand(id) }
    let scales = weights.scales.map { Float(Double(input.scales[0]) * Double($0)) }
    guard scales.allSatisfy({ $0.isNormal }) else { return operand(id) }
    let sums = elements.enumerated().map { channel, bias in
      let step = Double(input.scales[0]) * Double(weights.scales[isWhole ? 0 : channel])
      let level = (Double(bias) / step).rounded(.toNearestOrAwayFromZero)
      return level.isNaN ? 0 : Int32(min(max(level, -0x1p30), 0x1p30))
    }
    let base = name(id)
    let stored = constant(
      Tensor(type: .int32, shape: [sums.count], bytes: Bytes(elements: sums)),
      base: "\(base).stored")
    return dequantized(
      stored, .int32,
      isWhole ? Quantization(scale: scales[0]) : Quantization(scales: scales, axis: 0),
      base: "\(draft.node.name).bias")
  }

  /// The columns that are the rows of a matrix, as real numbers.
  mutating func transposed(_ tensor: Tensor, base: String) -> String {
    let isNarrow = tensor.type == .float16 || tensor.type == .bfloat16
    let stored = names.value("\(base).columns")
    if let quantization = tensor.quantization, tensor.type == .int8 || tensor.type == .uint8 {
      constant(ONNXConstant(stored, transposed: tensor))
      return dequantized(
        stored, tensor.type, quantization, axis: quantization.axis.map { 1 - $0 }, base: stored)
    }
    if isNarrow || tensor.type == .float32 {
      constant(ONNXConstant(stored, transposed: tensor))
      return isNarrow ? emit("Cast", [stored], ["to": .int(1)], base: stored) : stored
    }
    constant(ONNXConstant(stored, transposed: Tensor(tensor.floats(), shape: tensor.shape)))
    return stored
  }

  /// A product of integers whose input is quantized at each run.
  ///
  ///     DynamicQuantizeLinear -> ConvInteger -> Cast -> Mul -> Add
  mutating func dynamicProduct(_ draft: ExportDraft, isConv: Bool) throws(ExportRefusal) {
    let base = draft.node.name
    guard let id = draft.value(1), let tensor = graph[id].constant, tensor.type == .int8,
      let quantization = tensor.quantization, quantization.isSymmetric,
      quantization.axis == nil || quantization.axis == 0, tensor.shape.rank >= 2
    else { throw .unsupported("is dynamic without int8 weights") }
    let x8 = names.value("\(base).x")
    let scale = names.value("\(base).x.scale")
    let zero = names.value("\(base).x.zero_point")
    add(
      ONNXNodeDraft(
        name: "\(base).DynamicQuantizeLinear", op: "DynamicQuantizeLinear",
        inputs: [draft.input(0) ?? ""], outputs: [x8, scale, zero]))
    let stored = names.value("\(name(id)).stored")
    constant(
      isConv ? ONNXConstant(stored, stored: tensor) : ONNXConstant(stored, transposed: tensor))
    var attributes = draft.attributes
    for name in ExportBounds.attributes + ["transB"] { attributes[name] = nil }
    let sums = emit(
      isConv ? "ConvInteger" : "MatMulInteger", [x8, stored, zero], isConv ? attributes : [:],
      base: base)
    let real = emit("Cast", [sums], ["to": .int(1)], base: base)
    // Channels come first in a convolution's pixels, last in a product's.
    let ones = isConv ? [Int](repeating: 1, count: tensor.shape.rank - 2) : []
    let steps = constant(
      Tensor(quantization.scales, shape: Shape([quantization.scales.count] + ones)),
      base: "\(base).scales")
    let factor = emit("Mul", [scale, steps], base: "\(base).factor")
    let bounds = ExportBounds(draft)
    let biasID = draft.value(2)
    let count = bounds.count + (biasID == nil ? 0 : 1)
    var value = emit(
      "Mul", [real, factor], base: base, output: count == 0 ? draft.outputs[0] : nil)
    if let biasID {
      var bias = draft.input(2) ?? ""
      if let tensor = graph[biasID].constant {
        bias = constant(
          Tensor(tensor.floats(), shape: Shape([tensor.shape.count] + ones)), base: "\(base).bias")
      }
      value = emit(
        "Add", [value, bias], base: base, output: bounds.count == 0 ? draft.outputs[0] : nil)
    }
    clamp(value, bounds, base: base, output: draft.outputs[0])
  }
}
