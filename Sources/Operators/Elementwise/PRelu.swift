import Kernels
import ModelFormat

extension Operator {
  /// PRelu: `x`, or `slope * x` where `x` is negative, for each element.
  ///
  /// Inputs: x, and a slope that broadcasts to x's shape.
  static let pRelu = Operator(
    "PRelu", since: 16, inputs: 2...2, layout: .follow, infer: inferPRelu,
    prepare: { facts throws(OperatorError) in try facts.combining("prelu", Slope()) })
}

private func inferPRelu(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let output = try facts.arithmeticOutput()
  guard output.shape == (try facts.input(0)).shape else {
    let slope = try facts.input(1).shape
    throw .shapeMismatch("the slope \(slope) does not broadcast to the input's shape")
  }
  return [output]
}

private struct Slope: BinaryFunction {
  @inline(__always)
  func callAsFunction<T: NumberElement>(_ x: T, _ slope: T) -> T {
    x < T.zero ? T.product(slope, x) : x
  }
}
