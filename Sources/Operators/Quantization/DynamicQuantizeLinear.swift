import ModelFormat

extension Operator {
  /// DynamicQuantizeLinear: float32 as uint8 with parameters from the data's own range and zero.
  ///
  /// Outputs: y, scale = (max(x, 0) - min(x, 0)) / 255 (1 where all are zero), and the zero point
  /// saturate(round(-min / scale)).
  static let dynamicQuantizeLinear = Operator(
    "DynamicQuantizeLinear", since: 11, inputs: 1...1, outputs: 1...3, layout: .follow,
    infer: inferDynamicQuantizeLinear, prepare: prepareDynamicQuantizeLinear)
}

private func inferDynamicQuantizeLinear(
  _ facts: NodeFacts
) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  let results = [
    try facts.result(.uint8, data.shape.dimensions, layout: data.layout),
    try facts.result(.float32, []), try facts.result(.uint8, []),
  ]
  return Array(results.prefix(max(1, facts.node.outputs.count)))
}

private func prepareDynamicQuantizeLinear(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(data, "input", among: [.float32])
  let count = data.count
  let wanted = (0..<3).map { facts.wantsOutput($0) }
  return Execution(kernel: "dynamic quantize") { operands in
    let from = operands.input(0, as: Float.self)
    var (lowest, highest): (Float, Float) = (0, 0)
    for i in 0..<count {
      lowest = from[i] < lowest ? from[i] : lowest
      highest = from[i] > highest ? from[i] : highest
    }
    let scale = lowest == highest ? 1 : (highest - lowest) / 255
    let zero = UInt8(saturating((-lowest / scale).rounded(.toNearestOrEven), 0, 255))
    if wanted[0] {
      let to = operands.output(0, as: UInt8.self)
      for i in 0..<count { to[i] = roundedSum(from[i] / scale, zero) }
    }
    if wanted[1] { operands.output(1, as: Float.self).pointee = scale }
    if wanted[2] { operands.output(2, as: UInt8.self).pointee = zero }
  }
}
