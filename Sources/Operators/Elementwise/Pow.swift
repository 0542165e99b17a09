import Kernels
import ModelFormat

extension Operator {
  /// Pow: `a` to the power of `b` with broadcasting.
  ///
  /// Inputs: the base, whose type the result has, and the exponent, which may have another type.
  /// An integer power that is no integer loses its fraction.
  static let pow = Operator(
    "Pow", since: 15, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      [try facts.broadcastOutput(try facts.input(0).type)]
    },
    prepare: preparePow)
}

private func preparePow(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let base = try facts.input(0)
  let exponent = try facts.input(1)
  if base.type == .float32, exponent.count == 1, base.shape == (try facts.output()).shape,
    exponent.constant != nil, let value = try facts.constantFloats(1, "the exponent")?.first
  {
    if value == 2 { return try facts.unary("square", Square()) }
    if value == 3 { return try facts.unary("cube", Cube()) }
  }
  switch base.type {
  case .float32: return try raise(facts, Float.self)
  case .float64: return try raise(facts, Double.self)
  case .int64: return try raise(facts, Int64.self)
  case .int32: return try raise(facts, Int32.self)
  default:
    throw .unsupportedType(
      operand: "the base", found: base.type, supported: [.float32, .float64, .int64, .int32])
  }
}

private func raise<A: NumberElement>(
  _ facts: NodeFacts, _: A.Type
) throws(OperatorError) -> Execution {
  let exponent = try facts.input(1)
  if exponent.type == (try facts.input(0).type) { return try power(facts, A.self) }
  switch exponent.type {
  case .float32: return try power(facts, A.self, Float.self)
  case .float64: return try power(facts, A.self, Double.self)
  case .int64: return try power(facts, A.self, Int64.self)
  case .int32: return try power(facts, A.self, Int32.self)
  default:
    throw .unsupportedType(
      operand: "the exponent", found: exponent.type,
      supported: [.float32, .float64, .int64, .int32])
  }
}

private func power<A: NumberElement>(
  _ facts: NodeFacts, _: A.Type
) throws(OperatorError) -> Execution {
  let walk = Broadcast(try facts.output(), [try facts.input(0), try facts.input(1)])
  return Execution(kernel: "pow", overwrites: try facts.overwritable([0])) { operands in
    operands.combine(walk, .input(0), .input(1), Power<A>())
  }
}

/// With another type of exponent the power is computed in Double.
private func power<A: NumberElement, B: NumberElement>(
  _ facts: NodeFacts, _: A.Type, _: B.Type
) throws(OperatorError) -> Execution {
  let walk = Broadcast(try facts.output(), [try facts.input(0), try facts.input(1)])
  return Execution(kernel: "pow", overwrites: try facts.overwritable([0])) { operands in
    operands.combine(walk, .input(0), .input(1), MixedPower<A, B>())
  }
}

private struct Power<T: NumberElement>: PairFunction {
  @inline(__always)
  func callAsFunction(_ a: T, _ b: T) -> T { T.power(a, b) }
}

private struct MixedPower<A: NumberElement, B: NumberElement>: PairFunction {
  @inline(__always)
  func callAsFunction(_ a: A, _ b: B) -> A {
    A(saturating: Double.power(a.asDouble, b.asDouble))
  }
}

private struct Square: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { x * x }
}

private struct Cube: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { x * x * x }
}
