import Kernels
import ModelFormat

extension Operator {
  /// HardSwish: `x * max(0, min(1, x / 6 + 0.5))` for each element.
  static let hardSwish = Operator(
    "HardSwish", since: 22, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      try facts.unary("hardswish", HardSwishFunction(), vectors: .hardSwish)
    })
}

private struct HardSwishFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T { x * T.maximum(0, T.minimum(1, x / 6 + 0.5)) }
}
