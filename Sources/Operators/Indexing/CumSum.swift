import ModelFormat

extension Operator {
  /// CumSum: sums of all entries up to each one along an axis.
  ///
  /// Inputs: data (real numbers or integers of 32 and 64 bits), axis (constant). Attributes: `exclusive` leaves
  /// the entry itself out; `reverse` sums from the end.
  static let cumSum = Operator(
    "CumSum", since: 14, inputs: 2...2, layout: .follow, infer: inferCumSum, prepare: prepareCumSum)
}

private func cumSumAxis(_ facts: NodeFacts) throws(OperatorError) -> Int {
  _ = try facts.input(1)
  let axis = try facts.constantInteger(1, "axis") ?? 0
  return try facts.axis(axis, rank: try facts.input(0).shape.rank)
}

private func inferCumSum(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  _ = try cumSumAxis(facts)
  let data = try facts.input(0)
  return [try facts.result(data.type, data.shape.dimensions, layout: data.layout)]
}

/// The lines of a tensor along one dimension, and how they are summed.
private struct CumulativeSum {
  var outer: Int
  var extent: Int
  var inner: Int
  var exclusive: Bool
  var reverse: Bool

  func run<T: Numeric & BitwiseCopyable>(
    _: T.Type, _ operands: Operands, _ add: (T, T) -> T
  ) {
    let from = operands.input(0, as: T.self)
    let to = operands.output(as: T.self)
    for line in 0..<(outer * inner) {
      let start = (line / inner) * extent * inner + line % inner
      var sum: T = 0
      for i in 0..<extent {
        let place = start + (reverse ? extent - 1 - i : i) * inner
        let next = add(sum, from[place])
        to[place] = exclusive ? sum : next
        sum = next
      }
    }
  }
}

private func prepareCumSum(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(data, "input", among: [.float32, .float64, .int32, .int64, .uint32, .uint64])
  let (outer, extent, inner) = data.split(at: try cumSumAxis(facts))
  let sums = CumulativeSum(
    outer: outer, extent: extent, inner: inner,
    exclusive: try facts.int("exclusive", default: 0) != 0,
    reverse: try facts.int("reverse", default: 0) != 0)
  switch data.type {
  case .float32: return Execution(kernel: "cumsum") { sums.run(Float.self, $0) { $0 + $1 } }
  case .float64: return Execution(kernel: "cumsum") { sums.run(Double.self, $0) { $0 + $1 } }
  case .int32: return Execution(kernel: "cumsum") { sums.run(Int32.self, $0) { $0 &+ $1 } }
  case .uint32: return Execution(kernel: "cumsum") { sums.run(UInt32.self, $0) { $0 &+ $1 } }
  case .uint64: return Execution(kernel: "cumsum") { sums.run(UInt64.self, $0) { $0 &+ $1 } }
  default: return Execution(kernel: "cumsum") { sums.run(Int64.self, $0) { $0 &+ $1 } }
  }
}
