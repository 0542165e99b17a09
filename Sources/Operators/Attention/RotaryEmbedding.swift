import ModelFormat

extension Operator {
  /// RotaryEmbedding: pairs of elements of each head turned by angles that depend on the position.
  ///
  /// Inputs: x [B, H, S, D] or [B, S, H·D] with `num_heads`; cosines and sines [P, R/2] with positions
  /// [B, S] (int64), or [B, S, R/2] without. Attributes: `interleaved` (pairs are neighbours rather
  /// than halves apart), `rotary_embedding_dim` R (0: all of D), `num_heads`. float32. A position that
  /// leads out of the table is clamped.
  static let rotaryEmbedding = Operator(
    "RotaryEmbedding", since: 23, inputs: 3...4,
    infer: { facts throws(OperatorError) in
      _ = try Rotation(facts)
      return [try facts.result(try facts.input(0).type, try facts.input(0).shape.dimensions)]
    }, prepare: prepareRotaryEmbedding)
}

/// The sizes of a rotation.
private struct Rotation: Sendable {
  var batch: Int
  var view: HeadView
  /// Elements of a head that turn, half of which have an angle of their own.
  var turned: Int
  /// Rows of the tables.
  var rows: Int
  var isInterleaved: Bool

  init(_ facts: NodeFacts) throws(OperatorError) {
    let x = try facts.input(0).shape
    view = try HeadView(facts, 0, heads: try facts.int("num_heads", default: 0))
    batch = x[0]
    let stated = try facts.int("rotary_embedding_dim", default: 0)
    turned = stated == 0 ? view.size : stated
    isInterleaved = try facts.int("interleaved", default: 0) != 0
    guard turned >= 0, turned <= view.size, turned % 2 == 0 else {
      throw .attribute(
        name: "rotary_embedding_dim", problem: "is \(turned), but heads have \(view.size) elements")
    }
    let (cosines, sines) = (try facts.input(1).shape, try facts.input(2).shape)
    var expected: Shape = [batch, view.length, turned / 2]
    rows = batch &* view.length
    if let positions = facts.optionalInput(3)?.shape {
      guard positions == [batch, view.length] else {
        throw .shapeMismatch("positions \(positions) do not fit x \(x)")
      }
      guard cosines.rank == 2, cosines[0] >= 1 else {
        throw .rank(operand: "the cosines", found: cosines.rank, expected: "2")
      }
      rows = cosines[0]
      expected = [rows, turned / 2]
    }
    guard cosines == expected, sines == expected else {
      throw .shapeMismatch("cosines \(cosines) and sines \(sines) must be \(expected)")
    }
  }
}

private func prepareRotaryEmbedding(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  for index in 0..<3 {
    try facts.require(try facts.input(index), "input \(index)", among: [.float32])
  }
  let rotation = try Rotation(facts)
  let positions = facts.optionalInput(3) == nil ? nil : try IndexReader(facts, 3)
  if try facts.output().count == 0 { return .nothing }
  let view = rotation.view
  let (half, size) = (rotation.turned / 2, view.size)
  return Execution(kernel: "rotary embedding") { operands in
    operands.split(rotation.batch * view.length, grain: max(1, 4096 / (view.heads * size))) {
      rows in
      let cosines = operands.input(1, as: Float.self)
      let sines = operands.input(2, as: Float.self)
      for row in rows {
        let angle = (positions.map { $0.clamped(operands, row, rotation.rows) } ?? row) * half
        let (c, s) = (cosines + angle, sines + angle)
        for head in 0..<view.heads {
          let place =
            row / view.length * view.batchStride + head * view.headStride + row % view.length
            * view.rowStride
          let x = operands.input(0, as: Float.self) + place
          let y = operands.output(as: Float.self) + place
          if rotation.isInterleaved {
            for i in 0..<half {
              let (a, b) = (x[2 * i], x[2 * i + 1])
              y[2 * i] = c[i] * a - s[i] * b
              y[2 * i + 1] = s[i] * a + c[i] * b
            }
          } else {
            for i in 0..<half {
              let (a, b) = (x[i], x[half + i])
              y[i] = c[i] * a - s[i] * b
              y[half + i] = s[i] * a + c[i] * b
            }
          }
          for i in rotation.turned..<size { y[i] = x[i] }
        }
      }
    }
  }
}
