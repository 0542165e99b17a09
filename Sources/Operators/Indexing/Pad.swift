import ModelFormat

extension Operator {
  /// Pad: entries put before and behind dimensions, or taken away where a pad is negative.
  ///
  /// Inputs: data, pads (constant: all beginnings, then all ends), constant_value (one constant element;
  /// zero, or a quantized input's zero point, where left out), axes (constant; default: all).
  /// Attributes: `mode`: `constant`, `reflect`, `edge` or `wrap`.
  static let pad = Operator(
    "Pad", since: 21, inputs: 2...4, layout: .follow, quantization: .passthrough, infer: inferPad,
    prepare: preparePad)
}

/// Entries to add on both sides of each dimension.
private func pads(_ facts: NodeFacts) throws(OperatorError) -> [(before: Int, after: Int)] {
  let shape = try facts.input(0).shape
  _ = try facts.input(1)
  let list = try facts.constantIntegers(1, "pads") ?? []
  let named = try facts.constantIntegers(3, "axes") ?? Array(0..<shape.rank)
  let axes = try facts.axes(named, rank: shape.rank)
  guard list.count == 2 * axes.count else {
    throw .shapeMismatch("there are \(list.count) pads for \(axes.count) dimensions")
  }
  guard list.allSatisfy({ abs($0.clamped) <= Limits.extent }) else {
    throw .shapeMismatch("a pad is too large")
  }
  var pads = [(before: Int, after: Int)](repeating: (0, 0), count: shape.rank)
  for (index, axis) in axes.enumerated() { pads[axis] = (list[index], list[index + axes.count]) }
  return pads
}

extension Int {
  /// The number within a range where sums and products of a few extents cannot overflow.
  fileprivate var clamped: Int { Swift.max(-1 << 40, Swift.min(1 << 40, self)) }
}

private func inferPad(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let pads = try pads(facts)
  return [
    try facts.moved(
      data, zip(data.shape.dimensions, pads).map { $0 + $1.before + $1.after })
  ]
}

/// The source coordinate of each target coordinate along a dimension; -1 for what is filled.
private func coordinates(
  _ mode: String, _ extent: Int, _ pad: (before: Int, after: Int)
) throws(OperatorError) -> [Int] {
  let result = max(0, extent + pad.before + pad.after)
  if mode == "constant" {
    return (0..<result).map { i in
      let source = i - pad.before
      return source >= 0 && source < extent ? source : -1
    }
  }
  // Negative pads crop first; what is left is then continued.
  let low = max(0, -pad.before)
  let left = extent - low - max(0, -pad.after)
  guard left > 0 || result == 0 else {
    throw .shapeMismatch("no entries are left to continue by mode '\(mode)'")
  }
  let start = max(0, pad.before)
  return (0..<result).map { i in low + continued(i - start, left, mode) }
}

/// Where in `0 ..< extent` coordinate `i` lies when a dimension is continued by `mode`.
private func continued(_ i: Int, _ extent: Int, _ mode: String) -> Int {
  switch mode {
  case "edge": return max(0, min(extent - 1, i))
  case "wrap": return ((i % extent) + extent) % extent
  default:
    if extent == 1 { return 0 }
    let period = 2 * (extent - 1)
    let place = ((i % period) + period) % period
    return place < extent ? place : period - place
  }
}

/// The bits of the element that fills the padding.
private func fillBits(_ facts: NodeFacts) throws(OperatorError) -> UInt64 {
  let data = try facts.input(0)
  let quantization = data.type == .uint8 ? data.quantization : nil
  guard let value = facts.optionalInput(2) else {
    return quantization.map { UInt64(UInt8(truncatingIfNeeded: $0.zeroPoints[0])) } ?? 0
  }
  guard let constant = value.constant else { throw .needsConstant(operand: "constant_value") }
  guard constant.shape.count == 1 else {
    throw .shapeMismatch("constant_value has \(constant.shape.count) elements, but must have one")
  }
  if let quantization, value.type == .float32 {
    let real = Double(constant.floats()[0]) / Double(quantization.scales[0])
    return UInt64(
      saturating(
        real.rounded(.toNearestOrEven) + Double(quantization.zeroPoints[0]), 0, 255))
  }
  try facts.require(value, "constant_value", among: [data.type])
  if data.type == .float32 { return UInt64(constant.floats()[0].bitPattern) }
  let bytes = constant.dense.array
  guard constant.type == data.type else {
    throw .unsupportedType(
      operand: "constant_value", found: constant.type, supported: [data.type])
  }
  return bytes.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) }
}

private func preparePad(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let mode = try facts.string("mode", default: "constant")
  guard ["constant", "reflect", "edge", "wrap"].contains(mode) else {
    throw .attribute(
      name: "mode", problem: "is '\(mode)', but must be constant, reflect, edge or wrap")
  }
  let pads = try pads(facts)
  if try facts.output().count == 0 { return .nothing }
  var tables = [[Int]](repeating: [], count: data.shape.rank)
  for axis in tables.indices {
    tables[data.physicalAxis(axis)] = try coordinates(mode, data.shape[axis], pads[axis])
  }
  let copy = IndexedCopy(
    coordinates: tables, sourceExtents: data.physicalShape.dimensions, fill: try fillBits(facts),
    elementSize: data.type.size)
  return Execution(kernel: "pad") { operands in copy.run(operands) }
}
