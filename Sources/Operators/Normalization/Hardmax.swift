import ModelFormat

extension Operator {
  /// Hardmax: one for the first of the greatest elements along an axis, zero for all others.
  ///
  /// Attribute: `axis` (-1).
  static let hardmax = Operator(
    "Hardmax", since: 13, inputs: 1...1, layout: .follow, infer: inferSoftmax,
    prepare: { facts throws(OperatorError) in
      let x = try facts.input(0)
      let axis = try facts.axis(try facts.int("axis", default: -1), rank: x.shape.rank)
      let lines = x.split(at: axis)
      switch x.type {
      case .float32: return marking(lines, Float.self)
      case .float64: return marking(lines, Double.self)
      default:
        throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
      }
    })
}

private func marking<T: RealElement>(
  _ lines: (outer: Int, extent: Int, inner: Int), _: T.Type
) -> Execution {
  Execution(kernel: "hardmax") { operands in
    let from = operands.input(0, as: T.self)
    let to = operands.output(as: T.self)
    for line in 0..<(lines.outer * lines.inner) {
      let start = line / lines.inner * lines.extent * lines.inner + line % lines.inner
      var best = start
      for i in 0..<lines.extent {
        let place = start + i * lines.inner
        to[place] = 0
        if from[place] > from[best] { best = place }
      }
      if lines.extent > 0 { to[best] = 1 }
    }
  }
}
