import ModelFormat

extension ImportRule {
  /// MatMulIntegerToFloat: an integer product, times the scales of its factors.
  ///
  ///     MatMulIntegerToFloat(a, b, sa, sb, za, zb, bias)
  ///       becomes   MatMulInteger(a, b, za, zb) -> Cast -> Mul(sa * sb) -> Add(bias)
  static let matMulIntegerToFloat = ImportRule { draft, builder throws(ImportProblem) in
    guard let scaleA = draft.input(2), let scaleB = draft.input(3) else {
      throw draft.invalid("a scale is missing")
    }
    draft.scaledProduct(
      [draft.input(0), draft.input(1), draft.input(4), draft.input(5)], scaleA, scaleB,
      bias: draft.input(6), &builder)
  }

  /// DynamicQuantizeMatMul: the same, `a` being quantized by its own range first.
  static let dynamicQuantizeMatMul = ImportRule { draft, builder throws(ImportProblem) in
    guard let scaleB = draft.input(2) else { throw draft.invalid("the scale of B is missing") }
    let a = builder.intermediate(draft, "a")
    let scaleA = builder.intermediate(draft, "a.scale")
    let zero = builder.intermediate(draft, "a.zero")
    builder.add(
      "DynamicQuantizeLinear", before: draft, inputs: [draft.input(0)], outputs: [a, scaleA, zero])
    draft.scaledProduct(
      [a, draft.input(1), zero, draft.input(3)], scaleA, scaleB, bias: draft.input(4), &builder)
  }

  /// QGemm: Gemm of what the integers stand for, quantized where the result has a scale.
  ///
  /// The bias is int32, in units of `alpha` and the scales of both factors.
  static let qGemm = ImportRule { draft, builder throws(ImportProblem) in
    guard let scaleA = draft.input(1), let scaleB = draft.input(4) else {
      throw draft.invalid("a scale is missing")
    }
    let isTransposed = try draft.int("transB") ?? 0 != 0
    let a = builder.node(
      "DequantizeLinear", before: draft, [draft.input(0), scaleA, draft.input(2)], "a.real")
    let b = builder.node(
      "DequantizeLinear", before: draft, [draft.input(3), scaleB, draft.input(5)], "b.real",
      ["axis": .int(isTransposed ? 0 : 1)])
    var factors = [a, b]
    if let bias = draft.input(6) {
      var scale = builder.node("Mul", before: draft, [scaleA, scaleB], "c.scale")
      if let alpha = try draft.float("alpha"), alpha != 1 {
        let factor = builder.constant(Tensor([alpha], shape: []), draft, "alpha")
        scale = builder.node("Mul", before: draft, [scale, factor], "c.scale")
      }
      factors.append(
        builder.node(
          "DequantizeLinear", before: draft, [bias, scale], "c.real", ["axis": .int(-1)]))
    }
    let (scale, zero) = (draft.input(7), draft.input(8))
    draft.op = "Gemm"
    draft.inputs = factors
    guard let scale else { return }
    let real = builder.node(
      "Gemm", before: draft, factors, "real", try draft.plainAttributes())
    draft.op = "QuantizeLinear"
    draft.inputs = [real, scale, zero]
    draft.attributes = [:]
  }
}

extension NodeDraft {
  /// Makes the node the product of `factors` (a, b and their zero points), scaled, with a bias.
  fileprivate mutating func scaledProduct(
    _ factors: [ValueID?], _ scaleA: ValueID, _ scaleB: ValueID, bias: ValueID?,
    _ builder: inout GraphBuilder
  ) {
    let sums = builder.node("MatMulInteger", before: self, factors, "sums")
    let real = builder.node(
      "Cast", before: self, [sums], "real",
      ["to": .int(Int64(ElementType.float32.rawValue))])
    let scale = builder.node("Mul", before: self, [scaleA, scaleB], "scale")
    attributes = [:]
    op = "Mul"
    inputs = [real, scale]
    if let bias {
      let product = builder.node("Mul", before: self, inputs, "product")
      op = "Add"
      inputs = [product, bias]
    }
  }
}
