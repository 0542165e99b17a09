import Kernels
import ModelFormat

extension Operator {
  /// Mul: `a * b` with broadcasting; integers wrap around.
  static let mul = Operator(
    "Mul", since: 14, inputs: 2...2, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.arithmeticOutput()] },
    prepare: { facts throws(OperatorError) in
      if let execution = try facts.quantizedProduct() { return execution }
      return try facts.combining("mul", Product(), vectors: .multiply)
    })
}

private struct Product: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T { T.product(a, b) }
}
