import ModelFormat

extension Operator {
  /// LpNormalization: each line along `axis` divided by its 1-norm or 2-norm; a line of zeros stays.
  ///
  /// Input: float32 or float64. Attributes: `axis` (-1), `p` (1 or 2, the default).
  static let lpNormalization = Operator(
    "LpNormalization", since: 22, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in
      let x = try facts.input(0)
      _ = try facts.axis(try facts.int("axis", default: -1), rank: x.shape.rank)
      return [try facts.result(x.type, x.shape.dimensions, layout: x.layout)]
    }, prepare: prepareLpNormalization)
}

private func prepareLpNormalization(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32, .float64])
  let p = try facts.int("p", default: 2)
  guard p == 1 || p == 2 else {
    throw .attribute(name: "p", problem: "is \(p), but must be 1 or 2")
  }
  let parts = x.split(at: try facts.axis(try facts.int("axis", default: -1), rank: x.shape.rank))
  return x.type == .float32
    ? normalize(parts, isSquared: p == 2, Float.self)
    : normalize(parts, isSquared: p == 2, Double.self)
}

private func normalize<T: RealElement>(
  _ parts: (outer: Int, extent: Int, inner: Int), isSquared: Bool, _: T.Type
) -> Execution {
  let (outer, extent, inner) = parts
  return Execution(kernel: "lp norm") { operands in
    operands.split(outer * inner, grain: max(1, 4096 / max(1, extent))) { lines in
      for line in lines {
        let start = line / inner * extent * inner + line % inner
        let x = operands.input(0, as: T.self) + start
        let y = operands.output(as: T.self) + start
        var sum: T = 0
        for i in 0..<extent {
          let value = x[i * inner]
          sum += isSquared ? value * value : value.magnitude
        }
        let norm = isSquared ? sum.squareRoot() : sum
        let divisor = norm == 0 ? 1 : norm
        for i in 0..<extent { y[i * inner] = x[i * inner] / divisor }
      }
    }
  }
}
