import ModelFormat

/// Normalizations that older operator sets spell out.
extension ExportRule {
  /// LayerNormalization: means and arithmetic below opset 17.
  static let layerNormalization = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 17 { return scope.add(draft) }
    guard draft.outputs.count == 1 else { throw .needs(opset: 17, "with more than one output") }
    try scope.normalize(draft, centers: true)
  }

  /// RMSNormalization: a mean and arithmetic below opset 23.
  static let rmsNormalization = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 23 { return scope.add(draft) }
    try scope.normalize(draft, centers: false)
  }

  /// GroupNormalization: InstanceNormalization of groups below opset 21.
  static let groupNormalization = ExportRule { draft, scope throws(ExportRefusal) in
    if scope.opset >= 21 { return scope.add(draft) }
    let base = draft.node.name
    guard let x = draft.value(0), let shape = scope.graph[x].shape, shape.rank >= 3,
      let groups = draft.int("num_groups"), groups > 0, groups <= shape[1]
    else { throw .needs(opset: 21) }
    let merged = scope.integers([0, groups, -1], base: "\(base).groups")
    let flat = scope.emit("Reshape", [draft.input(0), merged], base: base)
    let ones = scope.constant(
      Tensor([Float](repeating: 1, count: groups), shape: [groups]), base: "\(base).ones")
    let zeros = scope.constant(
      Tensor([Float](repeating: 0, count: groups), shape: [groups]), base: "\(base).zeros")
    let normal = scope.emit(
      "InstanceNormalization", [flat, ones, zeros],
      ["epsilon": .float(draft.float("epsilon") ?? 1e-5)], base: base)
    let extents = scope.integers(shape.dimensions, base: "\(base).shape")
    var value = scope.emit("Reshape", [normal, extents], base: base)
    let channels = scope.integers(
      [-1] + [Int](repeating: 1, count: shape.rank - 2), base: "\(base).channels")
    let scale = scope.emit("Reshape", [draft.input(1), channels], base: base)
    let bias = scope.emit("Reshape", [draft.input(2), channels], base: base)
    value = scope.emit("Mul", [value, scale], base: base)
    scope.emit("Add", [value, bias], base: base, output: draft.outputs[0])
  }
}

extension ExportScope {
  /// `(x − mean) / √(mean of squares + ε) · scale + bias` over the last dimensions.
  fileprivate mutating func normalize(
    _ draft: ExportDraft, centers: Bool
  ) throws(ExportRefusal) {
    let base = draft.node.name
    guard let rank = draft.value(0).flatMap({ graph[$0].shape?.rank }) else {
      throw .unsupported("of a value of unknown rank has no form")
    }
    let stated = draft.int("axis") ?? -1
    let first = stated < 0 ? stated + rank : stated
    guard first >= 0, first < rank else { throw .unsupported("along axis \(stated)") }
    let axes = Array(first..<rank)
    var x = draft.input(0)
    if centers {
      let mean = mean(x, axes, base: base)
      x = emit("Sub", [x, mean], base: base)
    }
    let square = emit("Mul", [x, x], base: base)
    let variance = mean(square, axes, base: base)
    let epsilon = scalar(draft.float("epsilon") ?? 1e-5, base: "\(base).epsilon")
    let sum = emit("Add", [variance, epsilon], base: base)
    let root = emit("Sqrt", [sum], base: base)
    let bias = draft.input(2)
    var value = emit("Div", [x, root], base: base)
    value = emit(
      "Mul", [value, draft.input(1)], base: base, output: bias == nil ? draft.outputs[0] : nil)
    if let bias { emit("Add", [value, bias], base: base, output: draft.outputs[0]) }
  }

  private mutating func mean(_ x: String?, _ axes: [Int], base: String) -> String {
    if opset < 18 {
      return emit("ReduceMean", [x], ["axes": .ints(axes.map { Int64($0) })], base: base)
    }
    return emit("ReduceMean", [x, integers(axes, base: "\(base).axes")], base: base)
  }
}
