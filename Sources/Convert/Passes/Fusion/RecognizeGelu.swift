import ModelFormat

extension GraphPass {
  /// Gelu that an exporter spelled out becomes one node, in every association of its products.
  ///
  ///     0.5 · x · (1 + Erf(x / √2))                              becomes      Gelu(x)
  ///     0.5 · x · (1 + Tanh(√(2/π) · (x + 0.044715 · x³)))       becomes      Gelu(x, approximate "tanh")
  ///
  /// Exporters write so below opset 20, and networks that define it themselves at any.
  static let recognizeGelu = GraphPass(
    name: "recognize-gelu", summary: "Gelu that is spelled out becomes one node",
    rules: [
      Rule(
        .product(
          [x, .shifted(.node("Erf", [.product([x], times: 0.5.squareRoot())]), by: 1)], times: 0.5)
      ) { match, editor in
        editor.elementwise("Gelu", match)
      },
      Rule(.product([x, .shifted(.node("Tanh", [inner]), by: 1)], times: 0.5)) { match, editor in
        editor.elementwise("Gelu", match, ["approximate": .string("tanh")])
      },
    ])

  private static let x = Pattern.value("x")

  /// `√(2/π) · (x + 0.044715 · x³)`, or with x taken out of the sum.
  private static let inner: Pattern = {
    let cube = Pattern.either([
      .product([.node("Pow", [x, .number(3)])], times: 0.044715),
      .product([x, x, x], times: 0.044715),
      .product([x, .square(x)], times: 0.044715),
    ])
    let factor = (2 / Double.pi).squareRoot()
    let squares = Pattern.either([
      .product([x, x], times: 0.044715), .product([.square(x)], times: 0.044715),
    ])
    return .either([
      .product([.node("Add", [x, cube])], times: factor),
      .product([x, .shifted(squares, by: 1)], times: factor),
    ])
  }()
}

extension GraphEditor {
  /// A node that computes each element from the one element of `x`, where shapes say so.
  func elementwise(
    _ op: String, _ match: Match, _ attributes: [String: Attribute] = [:]
  ) -> Replacement? {
    let x = match["x"]
    // A number of higher rank than x would give the result more dimensions.
    guard graph[x].type == .float32, let shape = graph[x].shape, let output = match.output,
      graph[output].shape == shape
    else { return nil }
    return Replacement(op: op, inputs: [x], attributes: attributes)
  }
}
