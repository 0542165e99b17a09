import ModelFormat

/// A question about one real number.
protocol ElementTest: Sendable {
  /// The answer for `x`.
  func callAsFunction<T: RealElement>(_ x: T) -> Bool
}

extension NodeFacts {
  /// An execution that asks `question` of each element.
  func test<Q: ElementTest>(_ kernel: String, _ question: Q) throws(OperatorError) -> Execution {
    let x = try input(0)
    switch x.type {
    case .float32: return mapping(kernel, x.count) { (x: Float) -> UInt8 in question(x) ? 1 : 0 }
    case .float64: return mapping(kernel, x.count) { (x: Double) -> UInt8 in question(x) ? 1 : 0 }
    default:
      throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
    }
  }
}
