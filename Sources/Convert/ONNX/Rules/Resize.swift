import ModelFormat

extension ImportRule {
  /// Resize 10 has the inputs X and scales, and counts from the corner; later ones have X, roi,
  /// scales, sizes, where an empty tensor may stand for an input that is left out.
  static let resize = ImportRule { draft, builder throws(ImportProblem) in
    if builder.opset < 11 {
      try draft.resizeFromCorner(scales: draft.input(1), builder)
      return
    }
    // PyTorch, and ONNX Runtime with it, aligns corners to the extent that the output has.
    if builder.isFromPyTorch, try draft.string("coordinate_transformation_mode") == "align_corners"
    {
      draft.attributes["whole_extents"] = .int(1)
    }
    for index in 1...3 {
      guard let id = draft.input(index), let constant = builder.graph[id].constant else { continue }
      if constant.shape.count == 0 { draft.inputs[index] = nil }
    }
    guard draft.input(2) != nil || draft.input(3) != nil else {
      throw draft.invalid("has neither scales nor sizes")
    }
  }

  /// Upsample 7 (scales as an attribute) and 9 (as an input): a Resize that counts from the corner.
  static let upsample = ImportRule { draft, builder throws(ImportProblem) in
    var scales = draft.input(1)
    if let values = try draft.floats("scales") {
      draft.attributes["scales"] = nil
      scales = builder.constant(Tensor(values, shape: [values.count]), draft, "scales")
    }
    guard scales != nil else { throw draft.invalid("has no scales") }
    draft.op = "Resize"
    try draft.resizeFromCorner(scales: scales, builder)
  }
}

extension NodeDraft {
  /// Makes the node a Resize with the coordinates of opset 10: `x / scale`, rounded down where the
  /// mode is nearest, and rounded up where it shrinks, as ONNX Runtime does.
  fileprivate mutating func resizeFromCorner(
    scales: ValueID?, _ builder: GraphBuilder
  ) throws(ImportProblem) {
    let mode = try string("mode") ?? "nearest"
    let known = scales.flatMap { builder.graph[$0].constant?.floats() } ?? []
    let shrinks = known.contains { $0 < 1 }
    if mode == "nearest", shrinks, known.contains(where: { $0 > 1 }) {
      throw unsupported("opset 10 does not say how to enlarge and shrink at once; export it anew")
    }
    inputs = [input(0), nil, scales]
    attributes["mode"] = .string(mode == "bilinear" ? "linear" : mode)
    attributes["coordinate_transformation_mode"] = .string("asymmetric")
    attributes["nearest_mode"] = .string(shrinks ? "ceil" : "floor")
  }
}
