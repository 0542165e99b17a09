import Kernels
import ModelFormat

extension Operator {
  /// Gelu: `x` times the standard normal distribution function at `x`, for each element.
  ///
  /// Attribute: `approximate`, `none` (by the error function) or `tanh`.
  static let gelu = Operator(
    "Gelu", since: 20, inputs: 1...1, layout: .follow, quantization: .integer,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      switch try facts.string("approximate", default: "none") {
      case "none": return try facts.unary("gelu", GeluFunction(), vectors: .gelu)
      case "tanh": return try facts.unary("gelu_tanh", TanhGeluFunction())
      default: throw .attribute(name: "approximate", problem: "must be none or tanh")
      }
    })
}

private struct GeluFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    0.5 * x * (1 + T.errorFunction(x * T(0.707_106_781_186_547_5)))
  }
}

private struct TanhGeluFunction: ElementFunction {
  @inline(__always)
  func callAsFunction<T: RealElement>(_ x: T) -> T {
    let argument = T(0.797_884_560_802_865_4) * (x + T(0.044715) * x * x * x)
    return 0.5 * x * (1 + T.hyperbolicTangent(argument))
  }
}
