import ModelFormat

extension Operator {
  /// EyeLike: a matrix of the input's shape with ones on a diagonal, zeros elsewhere.
  ///
  /// Attributes: `dtype`, the number of an ONNX element type (the input's where left out); `k` (0), how
  /// far the diagonal lies above the main one.
  static let eyeLike = Operator(
    "EyeLike", since: 22, inputs: 1...1,
    infer: { facts throws(OperatorError) in
      let x = try facts.input(0)
      guard x.shape.rank == 2 else {
        throw .rank(operand: "input", found: x.shape.rank, expected: "2")
      }
      let number = try facts.int("dtype", default: Int(x.type.rawValue))
      guard let raw = UInt8(exactly: number), let type = ElementType(rawValue: raw) else {
        throw .attribute(name: "dtype", problem: "is \(number), which is no supported type")
      }
      return [try facts.result(type, x.shape.dimensions)]
    },
    prepare: prepareEyeLike)
}

private func prepareEyeLike(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let y = try facts.output()
  let diagonal = try facts.int("k", default: 0)
  let (type, rows, columns) = (y.type, y.shape[0], y.shape[1])
  return Execution(kernel: "eye") { operands in
    // Zero is zero bits in every type.
    operands.rawOutput().initializeMemory(
      as: UInt8.self, repeating: 0, count: rows * columns * type.size)
    // Rows whose column `row + k` is there; `k` may be any number.
    guard diagonal > -rows, diagonal < columns else { return }
    var one = 1.0
    for row in max(0, -diagonal)..<max(0, -diagonal, min(rows, columns - diagonal)) {
      let place = row * columns + row + diagonal
      type.writeReals(&one, 1, operands.rawOutput() + place * type.size)
    }
  }
}
