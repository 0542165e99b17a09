import ModelFormat

extension ImportRule {
  /// Arithmetic and comparison before opset 7: the second operand is stretched where `broadcast` says so,
  /// from dimension `axis` of the first on; since then shapes are aligned at their ends.
  ///
  ///     Add (axis 1) of 2x3x4x5 and 3      becomes      Add of 2x3x4x5 and 3x1x1
  static let legacyBroadcast = ImportRule { draft, builder throws(ImportProblem) in
    guard builder.opset < 7 else { return }
    let axis = try draft.int("axis")
    let stretches = try draft.int("broadcast") ?? 0
    draft.attributes["axis"] = nil
    draft.attributes["broadcast"] = nil
    guard stretches != 0, let axis, draft.inputs.count == 2 else { return }
    try draft.alignSecondOperand(at: axis, &builder)
  }

  /// PRelu before opset 7: a slope for each channel, whatever follows the channels.
  static let prelu = ImportRule { draft, builder throws(ImportProblem) in
    guard builder.opset < 7, draft.inputs.count == 2 else { return }
    let slope = draft.inputs[1].flatMap { builder.graph[$0].shape }
    // One slope for all needs no alignment; more dimensions than one are aligned already.
    if let slope, slope.count == 1 || slope.rank > 1 { return }
    try draft.alignSecondOperand(at: 1, &builder)
  }

  /// Gemm before opset 7: whether the bias is stretched follows from its shape.
  static let gemm = ImportRule { draft, builder throws(ImportProblem) in
    if builder.opset < 7 { draft.attributes["broadcast"] = nil }
  }

  /// Reshape before opset 5: the shape was an attribute, and is an input now.
  static let reshape = ImportRule { draft, builder throws(ImportProblem) in
    guard let shape = try draft.ints("shape") else { return }
    draft.attributes["shape"] = nil
    draft.setInput(1, builder.constant(Tensor(shape), draft, "shape"))
  }

  /// Concat before opset 4: `axis` could be left out, and was 1.
  static let concat = ImportRule { draft, builder throws(ImportProblem) in
    if builder.opset < 4, draft.attributes["axis"] == nil { draft.attributes["axis"] = .int(1) }
  }
}

extension NodeDraft {
  /// Gives the second operand dimensions of one behind its own, so that its first lies at dimension
  /// `axis` of the first operand.
  ///
  /// Ranks may not be known yet: they are computed from the shapes, and vanish when those are folded.
  fileprivate mutating func alignSecondOperand(
    at axis: Int64, _ builder: inout GraphBuilder
  ) throws(ImportProblem) {
    guard let first = inputs[0], let second = inputs[1] else { throw invalid("lacks an operand") }
    func add(
      _ op: String, _ operands: [ValueID?], _ suffix: String,
      _ attributes: [String: Attribute] = [:]
    ) -> ValueID {
      let output = builder.intermediate(self, suffix)
      builder.add(op, before: self, inputs: operands, output: output, attributes: attributes)
      return output
    }
    let shape = add("Shape", [second], "second.shape")
    let rank = add("Shape", [add("Shape", [first], "first.shape")], "first.rank")
    var position = builder.constant(Tensor([axis]), self, "axis")
    if axis < 0 { position = add("Add", [position, rank], "axis.counted") }
    let behind = add("Sub", [rank, position], "behind")
    let count = add("Sub", [behind, add("Shape", [shape], "second.rank")], "ones.count")
    let one = builder.constant(Tensor([Int64(1)]), self, "one")
    let ones = add("ConstantOfShape", [count, one], "ones")
    let aligned = add("Concat", [shape, ones], "aligned", ["axis": .int(0)])
    inputs[1] = add("Reshape", [second, aligned], "second")
  }
}
