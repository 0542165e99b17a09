import Kernels
import ModelFormat

extension Operator {
  /// Add: `a + b` with broadcasting; integers wrap around.
  static let add = Operator(
    "Add", since: 14, inputs: 2...2, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      if let execution = try facts.quantizedSum("add", isDifference: false) { return execution }
      return try facts.combining("add", Sum(), vectors: .add)
    })
}

/// `a + b`.
struct Sum: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.sum(a, b) }
}
