import Kernels
import ModelFormat

extension Operator {
  /// Max: the greatest of one or more inputs, with broadcasting; NaN where one is.
  static let max = Operator(
    "Max", since: 13, inputs: 1...Int.max, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      try facts.combining("max", Maximum(), vectors: .maximum)
    })
}

private struct Maximum: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.maximum(a, b) }
}
