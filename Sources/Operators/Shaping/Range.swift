import ModelFormat

extension Operator {
  /// Range: `start + i * delta` for each `i` with a result before `limit`.
  ///
  /// Inputs: start, limit, delta (constant scalars of one type: float32, float64, int32 or int64).
  static let range = Operator(
    "Range", since: 11, inputs: 3...3, infer: inferRange, prepare: prepareRange)
}

private let rangeTypes: [ElementType] = [.float32, .float64, .int32, .int64]

/// Start, limit and delta; `read` gives the elements of a constant.
private func scalars<T>(
  _ facts: NodeFacts, _ read: (Tensor) -> [T]?
) throws(OperatorError) -> [T] {
  var values: [T] = []
  for (index, operand) in ["start", "limit", "delta"].enumerated() {
    guard let constant = try facts.input(index).constant else {
      throw .needsConstant(operand: operand)
    }
    guard let elements = read(constant), elements.count == 1 else {
      throw .shapeMismatch("\(operand) must be one number")
    }
    values.append(elements[0])
  }
  return values
}

private func floats(_ constant: Tensor) -> [Float]? { constant.floats() }

private func doubles(_ constant: Tensor) -> [Double]? {
  constant.type == .float64
    ? constant.dense.elements(as: Double.self) : constant.floats().map { Double($0) }
}

private func integers(_ constant: Tensor) -> [Int64]? { constant.integers() }

private func steps(_ start: Double, _ limit: Double, _ delta: Double) throws(OperatorError) -> Int {
  let count = ((limit - start) / delta).rounded(.up)
  guard count.isFinite, count <= Double(Limits.elements) else {
    throw .shapeMismatch("start, limit and delta make no finite range")
  }
  return max(0, Int(max(0, count)))
}

private func steps(_ start: Int64, _ limit: Int64, _ delta: Int64) throws(OperatorError) -> Int {
  let (span, overflow) = limit.subtractingReportingOverflow(start)
  guard delta != 0, delta != .min, !overflow, span != .min else {
    throw .shapeMismatch("start, limit and delta make no finite range")
  }
  if span == 0 || (span > 0) != (delta > 0) { return 0 }
  return Int((abs(span) - 1) / abs(delta)) + 1
}

private func inferRange(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let type = try facts.input(0).type
  for (index, operand) in ["start", "limit", "delta"].enumerated() {
    try facts.require(try facts.input(index), operand, among: index == 0 ? rangeTypes : [type])
  }
  let count: Int
  if type.isFloatingPoint {
    let values = try scalars(facts, doubles)
    count = try steps(values[0], values[1], values[2])
  } else {
    let values = try scalars(facts, integers)
    count = try steps(values[0], values[1], values[2])
  }
  return [try facts.result(type, [count])]
}

private func prepareRange(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let count = try facts.output().count
  switch try facts.input(0).type {
  case .float32: return floatRange(count, try scalars(facts, floats))
  case .float64: return floatRange(count, try scalars(facts, doubles))
  case .int32:
    return integerRange(
      count, try scalars(facts, integers).map { Int32(truncatingIfNeeded: $0) })
  default: return integerRange(count, try scalars(facts, integers))
  }
}

private func floatRange<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>(
  _ count: Int, _ values: [T]
) -> Execution {
  Execution(kernel: "range") { operands in
    let to = operands.output(as: T.self)
    for i in 0..<count { to[i] = values[0] + T(i) * values[2] }
  }
}

private func integerRange<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
  _ count: Int, _ values: [T]
) -> Execution {
  Execution(kernel: "range") { operands in
    let to = operands.output(as: T.self)
    for i in 0..<count { to[i] = values[0] &+ T(truncatingIfNeeded: i) &* values[2] }
  }
}
