import ModelFormat

extension Operator {
  /// Gelu: `x` times the standard normal distribution function at `x`, for each element.
  ///
  /// Attribute: `approximate`, `none` (by the error function) or `tanh`.
  static let gelu = Operator(
    "Gelu", since: 20, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("gelu", try GeluFunction(facts))
    })
}

private struct GeluFunction: ElementFunction {
  let byTanh: Bool

  init(_ facts: NodeFacts) throws(OperatorError) {
    switch try facts.string("approximate", default: "none") {
    case "none": byTanh = false
    case "tanh": byTanh = true
    default: throw .attribute(name: "approximate", problem: "must be none or tanh")
    }
  }

  func callAsFunction<T: RealElement>(_ x: T) -> T {
    if byTanh {
      let argument = T(0.797_884_560_802_865_4) * (x + T(0.044715) * x * x * x)
      return 0.5 * x * (1 + T.hyperbolicTangent(argument))
    }
    return 0.5 * x * (1 + T.errorFunction(x * T(0.707_106_781_186_547_5)))
  }
}
