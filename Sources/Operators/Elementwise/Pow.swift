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
  return try base.perform(BaseTask(facts: facts), "the base")
}

/// Raising bases of one type, to exponents of the same type or of any other.
private struct BaseTask: NumberTask {
  let facts: NodeFacts

  func callAsFunction<T: ReducibleElement>(_: T.Type) throws(OperatorError) -> Execution {
    let exponent = try facts.input(1)
    let walk = Broadcast(try facts.output(), [try facts.input(0), exponent])
    let overwrites = try facts.overwritable([0])
    if exponent.type == (try facts.input(0).type) {
      return Execution(kernel: "pow", overwrites: overwrites) { operands in
        operands.combine(walk, .input(0), .input(1), Power<T>())
      }
    }
    let (type, count) = (exponent.type, exponent.count)
    try facts.require(exponent, "the exponent", among: [.float32, .float64] + ElementType.integers)
    // Another type of exponent is brought to Double first, and the power computed there.
    return Execution(kernel: "pow", scratchBytes: count * 8, overwrites: overwrites) { operands in
      type.readReals(
        operands.rawInput(1), count, operands.scratch.assumingMemoryBound(to: Double.self))
      operands.combine(walk, .input(0), .scratch, MixedPower<T>())
    }
  }
}

private struct Power<T: NumberElement>: PairFunction {
  static var hasOwnLoops: Bool { T.hasOwnLoops }
  @inline(__always)
  func callAsFunction(_ a: T, _ b: T) -> T { T.power(a, b) }
}

private struct MixedPower<T: NumberElement>: PairFunction {
  static var hasOwnLoops: Bool { false }
  @inline(__always)
  func callAsFunction(_ a: T, _ b: Double) -> T {
    T(saturating: Double.power(a.asDouble, b))
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
