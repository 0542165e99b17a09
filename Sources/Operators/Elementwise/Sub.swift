import Kernels
import ModelFormat

extension Operator {
  /// Sub: `a - b` with broadcasting; integers wrap around.
  static let sub = Operator(
    "Sub", since: 14, inputs: 2...2, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      if let execution = try facts.quantizedSum("sub", isDifference: true) { return execution }
      return try facts.combining("sub", Difference(), vectors: .subtract)
    })
}

private struct Difference: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.difference(a, b) }
}
