import ModelFormat

extension Operator {
  /// BitShift: the bits of an integer moved by as many places as the second input says, with
  /// broadcasting; bits that leave the number are lost, and to the right its sign moves in.
  ///
  /// Attribute: `direction`, `LEFT` or `RIGHT`. A negative distance counts as one beyond all bits.
  static let bitShift = Operator(
    "BitShift", since: 28, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      switch try facts.string("direction", default: "") {
      case "LEFT": return try facts.combiningBits("bitshift", ShiftLeft())
      case "RIGHT": return try facts.combiningBits("bitshift", ShiftRight())
      default: throw .attribute(name: "direction", problem: "must be LEFT or RIGHT")
      }
    })
}

private struct ShiftLeft: BitFunction {
  @inline(__always)
  func callAsFunction<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    b < 0 || b >= T.bitWidth ? 0 : a &<< b
  }
}

private struct ShiftRight: BitFunction {
  @inline(__always)
  func callAsFunction<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    // The widest shift leaves the sign alone.
    a >> (b < 0 || b >= T.bitWidth ? T(truncatingIfNeeded: T.bitWidth) : b)
  }
}
