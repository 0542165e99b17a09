import Kernels
import ModelFormat

extension Operator {
  /// Div: `a / b` with broadcasting.
  ///
  /// Integers truncate toward zero, and give zero where the divisor is zero.
  static let div = Operator(
    "Div", since: 14, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combining("div", Quotient(), vectors: .divide)
    })
}

private struct Quotient: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.quotient(a, b) }
}
