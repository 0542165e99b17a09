import ModelFormat

extension Operator {
  /// Mod: the remainder of `a / b` with broadcasting; zero for an integer divisor of zero.
  ///
  /// Attribute: `fmod` (0), whether the sign is that of `a` or that of `b`.
  static let mod = Operator(
    "Mod", since: 28, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      guard [0, 1].contains(try facts.int("fmod", default: 0)) else {
        throw .attribute(name: "fmod", problem: "must be 0 or 1")
      }
      return [try facts.arithmeticOutput()]
    },
    prepare: { facts throws(OperatorError) in
      try facts.int("fmod", default: 0) != 0
        ? facts.combining("fmod", TruncatedRemainder()) : facts.combining("mod", FlooredRemainder())
    })
}

private struct TruncatedRemainder: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.truncatedRemainder(a, b) }
}

private struct FlooredRemainder: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.flooredRemainder(a, b) }
}
