import ModelFormat

/// One factor of an integer product: 8-bit integers and their zero points, as inputs of a node.
struct IntegerFactor: Sendable {
  /// The types that a factor may have.
  static let types: [ElementType] = [.uint8, .int8]

  /// Whether the integers are signed.
  let isSigned: Bool
  private let zero: Int?
  private let zeroStep: Int

  /// The factor in input `input` with the zero point in input `zero`, of which there may be one or
  /// `count`.
  init(
    _ facts: NodeFacts, _ input: Int, _ name: String, zero: Int, count: Int
  ) throws(OperatorError) {
    let data = try facts.input(input)
    try facts.require(data, name, among: IntegerFactor.types)
    isSigned = data.type == .int8
    guard let zeroFacts = facts.optionalInput(zero) else {
      self.zero = nil
      zeroStep = 0
      return
    }
    try facts.require(zeroFacts, "zero point of \(name)", among: [data.type])
    self.zero = zero
    zeroStep = try facts.step(zero, "zero point of \(name)", count: count)
  }

  /// The zero point of row, column or channel `index`.
  func zeroPoint(_ operands: Operands, _ index: Int) -> Int32 {
    guard let zero else { return 0 }
    return isSigned
      ? Int32(operands.input(zero, as: Int8.self)[index * zeroStep])
      : Int32(operands.input(zero, as: UInt8.self)[index * zeroStep])
  }
}

extension NodeFacts {
  /// How far to go from one entry of input `index` to the next: 0 where it has one for all, 1 where it
  /// has `count`.
  func step(_ index: Int, _ name: String, count: Int) throws(OperatorError) -> Int {
    let found = try input(index).count
    guard found == 1 || found == count else {
      throw .shapeMismatch("the \(name) has \(found) entries, but must have 1 or \(count)")
    }
    return found == 1 ? 0 : 1
  }
}

/// From an int32 sum of products to 8 bits: `saturate(round(sum * a * b / y) + zeroPoint)`, in float32
/// and rounded half to even, as ONNX Runtime does it.
struct FloatRequantization: Sendable {
  private let scales: (a: Int, b: Int, y: Int)
  private let steps: (a: Int, b: Int)
  private let zero: Int
  private let isSigned: Bool

  /// The type of the output.
  let type: ElementType

  /// Requantization by the scales in inputs `a` (one, or `rows`), `b` (one, or `columns`) and `y`, and
  /// the zero point in input `zero`, whose type the output has.
  init(
    _ facts: NodeFacts, a: Int, rows: Int, b: Int, columns: Int, y: Int, zero: Int
  ) throws(OperatorError) {
    for index in [a, b, y] {
      try facts.require(try facts.input(index), "scale", among: [.float32])
    }
    steps = (
      try facts.step(a, "first scale", count: rows),
      try facts.step(b, "second scale", count: columns)
    )
    guard try facts.step(y, "output scale", count: 1) == 0,
      try facts.step(zero, "output zero point", count: 1) == 0
    else { throw .shapeMismatch("the output must have one scale") }
    scales = (a, b, y)
    self.zero = zero
    type = try facts.input(zero).type
    try facts.require(try facts.input(zero), "output zero point", among: IntegerFactor.types)
    isSigned = type == .int8
  }

  /// Writes `count` sums as output elements from `offset` on.
  ///
  /// The sums belong to `row`, and to columns that go up from `column` by `step`.
  func store(
    _ sums: UnsafePointer<Int32>, count: Int, _ operands: Operands, at offset: Int, row: Int,
    column: Int, step: Int
  ) {
    let a = operands.input(scales.a, as: Float.self)[row * steps.a]
    let b = operands.input(scales.b, as: Float.self)
    let y = operands.input(scales.y, as: Float.self)[0]
    if isSigned {
      let to = operands.output(as: Int8.self) + offset
      let zero = operands.input(self.zero, as: Int8.self)[0]
      for i in 0..<count {
        to[i] = roundedSum(Float(sums[i]) * (a * b[(column + i * step) * steps.b] / y), zero)
      }
    } else {
      let to = operands.output(as: UInt8.self) + offset
      let zero = operands.input(self.zero, as: UInt8.self)[0]
      for i in 0..<count {
        to[i] = roundedSum(Float(sums[i]) * (a * b[(column + i * step) * steps.b] / y), zero)
      }
    }
  }
}
