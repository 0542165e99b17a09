import Kernels
import ModelFormat

extension Operator {
  /// QuantizeLinear: `saturate(round(x / scale) + zeroPoint)`, rounded half to even.
  ///
  /// Inputs: x (float32 or int32), scale, zero point (zero where left out). The output has the zero
  /// point's type, or `output_dtype` (default uint8): uint8, int8, uint16 or int16. Attributes: `axis`
  /// (default 1) of several scales, `block_size` of blocked ones, and beyond ONNX `bits` (8), which may
  /// say that integers of 8 bits keep to the range of 2 or 4.
  static let quantizeLinear = Operator(
    "QuantizeLinear", since: 21, inputs: 2...3, layout: .convert, infer: inferQuantizeLinear,
    prepare: prepareQuantizeLinear)
}

private let quantizedTypes: [ElementType] = [.uint8, .int8, .uint16, .int16]

private func quantizedType(_ facts: NodeFacts) throws(OperatorError) -> ElementType {
  if let zero = facts.optionalInput(2) { return zero.type }
  let code = try facts.int("output_dtype", default: 0)
  if code == 0 { return .uint8 }
  guard let raw = UInt8(exactly: code), let type = ElementType(rawValue: raw) else {
    throw .attribute(name: "output_dtype", problem: "is \(code), which is not supported")
  }
  return type
}

private func inferQuantizeLinear(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  _ = try QuantizationLayout(facts)
  return [
    try facts.result(try quantizedType(facts), data.shape.dimensions, layout: data.layout)
  ]
}

private func prepareQuantizeLinear(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(data, "input", among: [.float32, .int32])
  let result = try facts.output()
  try facts.require(result, "output", among: quantizedTypes)
  if result.count == 0 { return .nothing }
  let layout = try QuantizationLayout(facts)
  let hasZero = facts.optionalInput(2) != nil
  let isFloat = data.type == .float32
  if facts.node.attributes["bits"] != nil, let narrow = try narrowing(facts, result) {
    var execution = try prepareQuantizeLinear(facts.withoutBits)
    let quantization = execution.run
    execution.run = { operands in
      quantization(operands)
      narrow(operands)
    }
    return execution
  }
  if result.type == .uint8, isFloat, layout.isWhole {
    return data.layout == result.layout
      ? quantizeInOrder(data.count, hasZero: hasZero)
      : try quantizeToChannelsLast(data, result, hasZero: hasZero)
  }
  guard data.layout == result.layout else {
    throw .unsupported("a change of layout takes float32 and one scale, and gives uint8")
  }
  switch result.type {
  case .uint8: return quantize(layout, UInt8.self, hasZero: hasZero, isFloat: isFloat)
  case .int8: return quantize(layout, Int8.self, hasZero: hasZero, isFloat: isFloat)
  case .uint16: return quantize(layout, UInt16.self, hasZero: hasZero, isFloat: isFloat)
  default: return quantize(layout, Int16.self, hasZero: hasZero, isFloat: isFloat)
  }
}

/// From float32 to uint8 by one scale.
private func quantizeInOrder(_ count: Int, hasZero: Bool) -> Execution {
  let kernels = VectorKernels.best
  return Execution(kernel: kernels.quantizeNames.quantize) { operands in
    let zero = hasZero ? operands.input(2, as: UInt8.self)[0] : 0
    let scale = operands.input(1, as: Float.self)[0]
    operands.split(count, grain: 1 << 14) { range in
      let first = range.lowerBound
      kernels.quantize(
        operands.input(0, as: Float.self) + first,
        to: operands.output(as: UInt8.self) + first, count: range.count, scale: scale,
        zeroPoint: zero)
    }
  }
}

/// The same from row-major to channels last.
private func quantizeToChannelsLast(
  _ data: ValueFacts, _ result: ValueFacts, hasZero: Bool
) throws(OperatorError) -> Execution {
  guard data.layout == .rowMajor, data.shape.rank == 4 else {
    throw .unsupported("a change of layout goes from row-major to channels last")
  }
  let (batch, channels) = (data.shape[0], data.shape[1])
  let pixels = data.shape[2] &* data.shape[3]
  let kernels = LayoutChange.best
  return Execution(kernel: kernels.quantizeName) { operands in
    let zero = hasZero ? operands.input(2, as: UInt8.self)[0] : 0
    let scale = operands.input(1, as: Float.self)[0]
    for image in 0..<batch {
      let first = image &* channels &* pixels
      operands.split(pixels, grain: max(1, (1 << 14) / max(1, channels))) { range in
        kernels.quantize(
          channels: channels, pixels: range.count,
          operands.input(0, as: Float.self) + (first &+ range.lowerBound), pitch: pixels,
          to: operands.output(as: UInt8.self) + (first &+ range.lowerBound &* channels),
          scale: scale, zeroPoint: zero)
      }
    }
  }
}

extension NodeFacts {
  /// The same node for all bits of its output's type.
  fileprivate var withoutBits: NodeFacts {
    var facts = self
    facts.node.attributes["bits"] = nil
    return facts
  }
}

/// What brings integers of 8 bits into the range of `bits`, or nil where that is 8.
///
/// Zero points lie in that range, so that saturating twice is saturating once.
private func narrowing(
  _ facts: NodeFacts, _ result: ValueFacts
) throws(OperatorError) -> (@Sendable (Operands) -> Void)? {
  let bits = try facts.int("bits", default: 8)
  guard [2, 4, 8].contains(bits), result.type.size == 1 else {
    throw .attribute(name: "bits", problem: "is \(bits), but must be 2, 4 or 8, of 8 bits")
  }
  if bits == 8 { return nil }
  let count = result.count
  if result.type == .int8 {
    let (lowest, highest) = (Int8(-1 << (bits - 1)), Int8(1 << (bits - 1) - 1))
    return { operands in
      let y = operands.output(as: Int8.self)
      for i in 0..<count { y[i] = min(max(y[i], lowest), highest) }
    }
  }
  let highest = UInt8(1 << bits - 1)
  return { operands in
    let y = operands.output(as: UInt8.self)
    for i in 0..<count { y[i] = min(y[i], highest) }
  }
}

private func quantize<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
  _ layout: QuantizationLayout, _: T.Type, hasZero: Bool, isFloat: Bool
) -> Execution {
  Execution(kernel: "quantize") { operands in
    let scales = operands.input(1, as: Float.self)
    let to = operands.output(as: T.self)
    layout.forEachRun { elements, first, step in
      if step == 0, isFloat {
        let from = operands.input(0, as: Float.self)
        let zero = hasZero ? operands.input(2, as: T.self)[first] : 0
        let scale = scales[first]
        for i in elements { to[i] = roundedSum(from[i] / scale, zero) }
        return
      }
      for (offset, i) in elements.enumerated() {
        let s = first + offset * step
        let x =
          isFloat
          ? operands.input(0, as: Float.self)[i] : Float(operands.input(0, as: Int32.self)[i])
        let zero = hasZero ? operands.input(2, as: T.self)[s] : 0
        to[i] = roundedSum(x / scales[s], zero)
      }
    }
  }
}
