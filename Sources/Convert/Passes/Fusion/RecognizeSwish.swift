import ModelFormat

extension GraphPass {
  /// Activations that multiply a value with a gate of itself become one node.
  ///
  ///     Clip(x + 3, 0, 6) / 6                becomes      HardSigmoid(x, alpha 1/6, beta 0.5)
  ///     x · Clip(x + 3, 0, 6) / 6            becomes      HardSwish(x)
  ///     x · HardSigmoid(x, 1/6, 0.5)         becomes      HardSwish(x)
  ///     x · Sigmoid(α · x)                   becomes      Swish(x, alpha α)
  ///     x · Tanh(Softplus(x))                becomes      Mish(x)
  ///     x / (1 + |x|)                        becomes      Softsign(x)
  ///     Where(x > 20, x, Softplus(x))        becomes      Softplus(x), which differs by less than 3e-9
  static let recognizeSwish = GraphPass(
    name: "recognize-swish",
    summary: "HardSigmoid, HardSwish, Swish, Mish, Softsign and Softplus become one node",
    rules: [
      Rule(.product([x, ramp], times: 1 / 6.0)) { match, editor in
        editor.elementwise("HardSwish", match)
      },
      Rule(.product([ramp], times: 1 / 6.0)) { match, editor in
        editor.elementwise(
          "HardSigmoid", match, ["alpha": .float(1 / 6), "beta": .float(0.5)])
      },
      Rule(.product([x, .named("gate", .node("HardSigmoid", [x]))])) { match, editor in
        guard let gate = match.nodes["gate"].map({ editor[$0].attributes }),
          abs(gate.number("alpha", default: 0.2) - 1 / 6) < 1e-6,
          abs(gate.number("beta", default: 0.5) - 0.5) < 1e-6
        else { return nil }
        return editor.elementwise("HardSwish", match)
      },
      Rule(.product([x, .node("Sigmoid", [x])])) { match, editor in
        editor.elementwise("Swish", match, ["alpha": .float(1)])
      },
      Rule(.product([x, .node("Sigmoid", [.scaled(x, "alpha")])])) { match, editor in
        guard let alpha = match.numbers["alpha"].map({ Float($0) }) else { return nil }
        return editor.elementwise("Swish", match, ["alpha": .float(alpha)])
      },
      Rule(.product([x, .node("Tanh", [.node("Softplus", [x])])])) { match, editor in
        editor.elementwise("Mish", match)
      },
      Rule(.product([x, .inverse(.shifted(.node("Abs", [x]), by: 1))])) { match, editor in
        editor.elementwise("Softsign", match)
      },
      Rule(
        .node("Where", [.node("Greater", [x, .number(20)]), x, .node("Softplus", [x])])
      ) { match, editor in
        editor.elementwise("Softplus", match)
      },
    ])

  private static let x = Pattern.value("x")
  /// `Relu6(x + 3)`.
  private static let ramp = Pattern.either([
    .node("Clip", [.shifted(x, by: 3), .number(0), .number(6)]),
    .node("Min", [.node("Relu", [.shifted(x, by: 3)]), .number(6)]),
  ])
}

extension [String: Attribute] {
  /// A number among attributes.
  func number(_ name: String, default value: Float) -> Float {
    switch self[name] {
    case .float(let stated)?: stated
    case .int(let stated)?: Float(stated)
    default: value
    }
  }

  /// An integer among attributes.
  func integer(_ name: String, default value: Int) -> Int {
    if case .int(let stated)? = self[name] { Int(clamping: stated) } else { value }
  }
}
