import Kernels
import ModelFormat

extension Operator {
  /// Clip: `min(max(x, lower), upper)` for each element.
  ///
  /// Inputs: x, and optional scalars lower and upper of x's type.
  static let clip = Operator(
    "Clip", since: 13, inputs: 1...3, layout: .follow, quantization: .integer,
    infer: inferClip, prepare: prepareClip)
}

private func inferClip(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  for index in 1...2 {
    guard let bound = facts.optionalInput(index) else { continue }
    guard bound.shape.checkedCount == 1 else {
      throw .shapeMismatch("the bounds must be scalars, but one is \(bound.shape)")
    }
  }
  return [try facts.sameAsInput()]
}

private func prepareClip(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  if x.quantization != nil {
    let lower = try facts.constantFloats(1, "the lower bound")?.first ?? -.infinity
    let upper = try facts.constantFloats(2, "the upper bound")?.first ?? .infinity
    return try facts.table { clipped($0, Double(lower), Double(upper)) }
  }
  for index in 1...2 {
    if let bound = facts.optionalInput(index) {
      try facts.require(bound, "a bound", among: [x.type])
    }
  }
  if x.type == .float32, (1...2).allSatisfy({ index in facts.hasKnownBound(index) }) {
    let lower = try facts.constantFloats(1, "the lower bound")?.first ?? -.infinity
    let upper = try facts.constantFloats(2, "the upper bound")?.first ?? .infinity
    return facts.vectorized(.clamp(min: lower, max: upper), x.count)
  }
  return try x.perform(
    ClipTask(
      count: x.count, hasLower: facts.optionalInput(1) != nil,
      hasUpper: facts.optionalInput(2) != nil))
}

extension NodeFacts {
  /// Whether a bound is left out or constant.
  fileprivate func hasKnownBound(_ index: Int) -> Bool {
    optionalInput(index).map { $0.constant != nil } ?? true
  }
}

private struct ClipTask: NumberTask {
  let count: Int
  let hasLower: Bool
  let hasUpper: Bool

  func callAsFunction<T: ReducibleElement>(_: T.Type) -> Execution {
    let (count, hasLower, hasUpper) = (count, hasLower, hasUpper)
    return Execution(kernel: "clip", overwrites: 0) { operands in
      let lower = hasLower ? operands.input(1, as: T.self)[0] : T.lowest
      let upper = hasUpper ? operands.input(2, as: T.self)[0] : T.highest
      operands.map(count, Clipping(lower: lower, upper: upper))
    }
  }
}

@inline(__always)
private func clipped<T: NumberElement>(_ x: T, _ lower: T, _ upper: T) -> T {
  let raised = x < lower ? lower : x
  return raised > upper ? upper : raised
}

private struct Clipping<T: NumberElement>: MapFunction {
  let lower: T
  let upper: T
  @inline(__always)
  func callAsFunction(_ x: T) -> T { clipped(x, lower, upper) }
}
