import ModelFormat

/// Operators whose parameters were attributes once, or are inputs since.
extension ExportRule {
  /// Reductions: axes are an attribute below opset `since`.
  static func reduction(since: Int) -> ExportRule {
    ExportRule { draft, scope throws(ExportRefusal) in
      if scope.opset >= since { return scope.add(draft) }
      var draft = draft
      let keepsAll = draft.int("noop_with_empty_axes") ?? 0 != 0
      draft.attributes["noop_with_empty_axes"] = nil
      let axes = try scope.constants(draft, 1, "axes", needs: since)
      draft.inputs = Array(draft.inputs.prefix(1))
      if axes?.isEmpty ?? true, keepsAll {
        guard draft.op == "ReduceMean" || draft.op == "ReduceMax" || draft.op == "ReduceMin" else {
          throw .needs(opset: since, "without axes")
        }
        scope.emit("Identity", draft.inputs, base: draft.node.name, output: draft.outputs[0])
        return
      }
      if let axes, !axes.isEmpty { draft.attributes["axes"] = .ints(axes.map { Int64($0) }) }
      scope.add(draft)
    }
  }

  /// ConstantOfShape: the value is an attribute.
  static let constantOfShape = ExportRule { draft, scope throws(ExportRefusal) in
    var node = ONNXNodeDraft(
      name: draft.node.name, op: draft.op, inputs: [draft.input(0) ?? ""], outputs: draft.outputs)
    if let id = draft.value(1) {
      guard let value = scope.graph[id].constant, value.shape.count == 1 else {
        throw .unsupported("of a computed value has no form")
      }
      let plain =
        value.type == scope.graph[id].type && value.quantization == nil
        ? Tensor(type: value.type, shape: [1], bytes: value.dense)
        : Tensor(value.floats(), shape: [1])
      node.attributes["value"] = .tensor(plain)
    }
    scope.add(node)
  }

  /// Split: extents are stated, or `num_outputs` from opset 18 on.
  static let split = ExportRule { draft, scope throws(ExportRefusal) in
    var draft = draft
    draft.attributes["num_outputs"] = nil
    if draft.input(1) == nil {
      let axis = draft.int("axis") ?? 0
      let extents = draft.node.outputs.map { id -> Int? in
        guard let shape = id.flatMap({ scope.graph[$0].shape }),
          let axis = shape.normalized(axis: axis)
        else { return nil }
        return shape[axis]
      }
      if extents.contains(nil) {
        guard scope.opset >= 18 else { throw .needs(opset: 18, "of unknown extents") }
        draft.attributes["num_outputs"] = .int(Int64(draft.outputs.count))
      } else {
        draft.inputs = [
          draft.input(0),
          scope.integers(extents.compactMap { $0 }, base: "\(draft.node.name).split"),
        ]
      }
    }
    scope.add(draft)
  }

  /// Pad: axes came with opset 18, `wrap` with 19.
  static let pad = ExportRule { draft, scope throws(ExportRefusal) in
    var draft = draft
    if draft.string("mode") == "wrap", scope.opset < 19 { throw .needs(opset: 19, "by wrap") }
    if draft.input(3) != nil, scope.opset < 18 {
      guard let axes = try scope.constants(draft, 3, "axes", needs: 18),
        let pads = try scope.constants(draft, 1, "pads", needs: 18),
        let shape = draft.value(0).flatMap({ scope.graph[$0].shape }),
        pads.count == 2 * axes.count
      else { throw .needs(opset: 18, "along axes") }
      var all = [Int](repeating: 0, count: 2 * shape.rank)
      for (place, stated) in axes.enumerated() {
        guard let axis = shape.normalized(axis: stated) else { throw .needs(opset: 18) }
        all[axis] = pads[place]
        all[axis + shape.rank] = pads[place + axes.count]
      }
      draft.inputs = [
        draft.input(0), scope.integers(all, base: "\(draft.node.name).pads"), draft.input(2),
      ]
    }
    scope.add(draft)
  }

  /// Resize: what opset 18 and 19 brought is refused below.
  static let resize = ExportRule { draft, scope throws(ExportRefusal) in
    var draft = draft
    draft.attributes["whole_extents"] = nil
    if draft.int("antialias") ?? 0 == 0 { draft.attributes["antialias"] = nil }
    if draft.string("keep_aspect_ratio_policy") == "stretch" {
      draft.attributes["keep_aspect_ratio_policy"] = nil
    }
    for name in ["antialias", "axes", "keep_aspect_ratio_policy"]
    where draft.attributes[name] != nil && scope.opset < 18 {
      throw .needs(opset: 18, "with \(name)")
    }
    if draft.string("coordinate_transformation_mode") == "half_pixel_symmetric", scope.opset < 19 {
      throw .needs(opset: 19, "by half_pixel_symmetric")
    }
    scope.add(draft)
  }

  /// ScatterElements and ScatterND: sums and products came with opset 16, extremes with 18.
  static let scatter = ExportRule { draft, scope throws(ExportRefusal) in
    switch draft.string("reduction") ?? "none" {
    case "none": if scope.opset < 16 { return scope.add(draft.leavingOut("reduction")) }
    case "add", "mul": if scope.opset < 16 { throw .needs(opset: 16, "with a reduction") }
    default: if scope.opset < 18 { throw .needs(opset: 18, "with a reduction") }
    }
    scope.add(draft)
  }

  /// Shape: parts of it are sliced below opset 15.
  static let shape = ExportRule { draft, scope throws(ExportRefusal) in
    let isWhole = [nil, 0].contains(draft.int("start")) && draft.int("end") == nil
    if scope.opset >= 15 || isWhole { return scope.add(draft.leavingOutAll(isWhole)) }
    let base = draft.node.name
    let all = scope.emit("Shape", [draft.input(0)], base: base)
    let start = scope.integers([draft.int("start") ?? 0], base: "\(base).start")
    let end = scope.integers([draft.int("end") ?? Int(Int32.max)], base: "\(base).end")
    scope.emit("Slice", [all, start, end], base: base, output: draft.outputs[0])
  }

  /// GridSample: two modes had other names before opset 20.
  static let gridSample = ExportRule { draft, scope throws(ExportRefusal) in
    var draft = draft
    let names = ["linear": "bilinear", "cubic": "bicubic"]
    if scope.opset < 20 {
      let shape = draft.value(0).flatMap { scope.graph[$0].shape }
      guard shape?.rank == 4 else { throw .needs(opset: 20, "of volumes") }
      draft.attributes["mode"] = .string(
        draft.string("mode").map { names[$0] ?? $0 } ?? "bilinear")
    }
    scope.add(draft)
  }
}

extension ExportDraft {
  /// The node without an attribute.
  fileprivate func leavingOut(_ name: String) -> ExportDraft {
    var draft = self
    draft.attributes[name] = nil
    return draft
  }

  /// The node without attributes, where they say nothing.
  fileprivate func leavingOutAll(_ isPlain: Bool) -> ExportDraft {
    var draft = self
    if isPlain { draft.attributes = [:] }
    return draft
  }
}

extension ExportScope {
  /// The integers of a constant input, or nil where it is left out.
  func constants(
    _ draft: ExportDraft, _ place: Int, _ what: String, needs opset: Int
  ) throws(ExportRefusal) -> [Int]? {
    guard let id = draft.value(place) else { return nil }
    guard let values = graph.integers(id) else {
      throw .needs(opset: opset, "with computed \(what)")
    }
    return values
  }
}
