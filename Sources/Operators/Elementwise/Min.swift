import Kernels
import ModelFormat

extension Operator {
  /// Min: the least of one or more inputs, with broadcasting; NaN where one is.
  static let min = Operator(
    "Min", since: 13, inputs: 1...Int.max, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combining("min", Minimum(), vectors: .minimum)
    })
}

private struct Minimum: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.minimum(a, b) }
}
