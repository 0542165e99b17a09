import Kernels
import ModelFormat

extension Operator {
  /// DequantizeLinear: `(x - zeroPoint) * scale`, as float32.
  ///
  /// Inputs: x (uint8, int8, uint16, int16 or int32), scale, zero point (zero where left out; of x's
  /// type). Attributes: `axis` (default 1) of several scales, `block_size` of blocked ones.
  static let dequantizeLinear = Operator(
    "DequantizeLinear", since: 21, inputs: 2...3, layout: .follow, infer: inferDequantizeLinear,
    prepare: prepareDequantizeLinear)
}

private func inferDequantizeLinear(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  _ = try QuantizationLayout(facts)
  return [try facts.result(.float32, data.shape.dimensions, layout: data.layout)]
}

private func prepareDequantizeLinear(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(data, "input", among: [.uint8, .int8, .uint16, .int16, .int32])
  if let zero = facts.optionalInput(2) {
    try facts.require(zero, "zero point", among: [data.type])
  }
  if data.count == 0 { return .nothing }
  let layout = try QuantizationLayout(facts)
  let hasZero = facts.optionalInput(2) != nil
  if data.type == .uint8, layout.isWhole {
    let kernels = VectorKernels.best
    let count = data.count
    return Execution(kernel: kernels.quantizeNames.dequantize) { operands in
      let zero = hasZero ? operands.input(2, as: UInt8.self)[0] : 0
      let scale = operands.input(1, as: Float.self)[0]
      operands.split(count, grain: 1 << 14) { range in
        let first = range.lowerBound
        kernels.dequantize(
          operands.input(0, as: UInt8.self) + first,
          to: operands.output(as: Float.self) + first, count: range.count, scale: scale,
          zeroPoint: zero)
      }
    }
  }
  switch data.type {
  case .uint8: return dequantize(layout, UInt8.self, hasZero: hasZero)
  case .int8: return dequantize(layout, Int8.self, hasZero: hasZero)
  case .uint16: return dequantize(layout, UInt16.self, hasZero: hasZero)
  case .int16: return dequantize(layout, Int16.self, hasZero: hasZero)
  default: return dequantize(layout, Int32.self, hasZero: hasZero)
  }
}

private func dequantize<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
  _ layout: QuantizationLayout, _: T.Type, hasZero: Bool
) -> Execution {
  Execution(kernel: "dequantize") { operands in
    let from = operands.input(0, as: T.self)
    let scales = operands.input(1, as: Float.self)
    let to = operands.output(as: Float.self)
    layout.forEachRun { elements, first, step in
      if step == 0 {
        let scale = scales[first]
        let zero = hasZero ? Int32(truncatingIfNeeded: operands.input(2, as: T.self)[first]) : 0
        for i in elements { to[i] = Float(Int32(truncatingIfNeeded: from[i]) &- zero) * scale }
        return
      }
      for (offset, i) in elements.enumerated() {
        let s = first + offset
        let zero = hasZero ? Int32(truncatingIfNeeded: operands.input(2, as: T.self)[s]) : 0
        to[i] = Float(Int32(truncatingIfNeeded: from[i]) &- zero) * scales[s]
      }
    }
  }
}
