import ModelFormat

extension GraphPass {
  /// Normalization over the last dimensions that is spelled out becomes one node.
  ///
  ///     d = x - mean(x),   d / √(mean(d²) + ε)      becomes      LayerNormalization(x, scale 1, epsilon ε)
  ///     x / √(mean(x²) + ε)                         becomes      RMSNormalization(x, scale 1, epsilon ε)
  ///
  /// The square may be Pow or Mul, the root Sqrt or Pow, the division Div, or Mul with a Reciprocal, a
  /// Div of 1 or a negative Pow. Scale and bias join in `foldAffine`. Exporters write so below opset 17
  /// (23 for RMSNormalization), and networks that define it themselves at any.
  static let recognizeNormalization = GraphPass(
    name: "recognize-normalization",
    summary: "LayerNormalization and RMSNormalization that are spelled out become one node",
    rules: [
      Rule(.overDeviation(of: centered("mean"), centered("again"))) { match, editor in
        editor.normalization("LayerNormalization", match, means: ["mean", "again", "square"])
      },
      Rule(.overDeviation(of: .value("x"), .value("x"))) { match, editor in
        editor.normalization("RMSNormalization", match, means: ["square"])
      },
    ])

  /// `x - mean(x)`; the mean may have been computed twice, for the variance and for the result.
  private static func centered(_ name: String) -> Pattern {
    let mean = Pattern.node("ReduceMean", [.value("x"), .value(name + "Axes")])
    return .node("Sub", [.value("x"), .named(name, mean)])
  }
}

extension Pattern {
  /// `d / √(mean(d²) + ε)`; `again` is what `d` looks like below the root.
  fileprivate static func overDeviation(of d: Pattern, _ again: Pattern) -> Pattern {
    let mean = Pattern.named("square", .node("ReduceMean", [.square(again), .value("squareAxes")]))
    let variance = Pattern.shiftedByAny(mean, "epsilon")
    return .either([
      .product([d, .inverse(.root(variance))]),
      .product([d, .node("Pow", [variance, .number(-0.5)])]),
    ])
  }
}

extension GraphEditor {
  /// A normalization of the dimensions that all the means run over, which must be the last ones.
  fileprivate mutating func normalization(
    _ op: String, _ match: Match, means: [String]
  ) -> Replacement? {
    let x = match["x"]
    guard let shape = graph[x].shape, graph[x].type == .float32, shape.rank > 0,
      match.output.map({ graph[$0].shape == shape }) == true,
      let epsilon = match.numbers["epsilon"], epsilon >= 0
    else { return nil }
    var first: Int?
    for name in means {
      guard let position = match.nodes[name], let from = lastAxes(of: self[position], shape),
        first == nil || first == from
      else { return nil }
      first = from
    }
    guard let first else { return nil }
    let one = addConstant(graph[x].name + ".scale", Tensor([1], shape: [1]))
    return Replacement(
      op: op, inputs: [x, one],
      attributes: ["axis": .int(Int64(first)), "epsilon": .float(Float(epsilon))])
  }

  /// The first of the dimensions that a reduction runs over, where those are the last ones and stay.
  private func lastAxes(of node: Node, _ shape: Shape) -> Int? {
    guard node.attributes.integer("keepdims", default: 1) == 1, node.inputs.count == 2,
      let stated = graph.integers(node.inputs[1]), !stated.isEmpty
    else { return nil }
    let axes = Set(stated.map { $0 < 0 ? $0 + shape.rank : $0 })
    let first = shape.rank - axes.count
    return first >= 0 && axes == Set(first..<shape.rank) ? first : nil
  }
}
