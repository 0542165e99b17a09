import Kernels
import ModelFormat

extension Operator {
  /// Not: the negation of each bool.
  static let not = Operator(
    "Not", since: 1, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.boolLikeInput()] },
    prepare: { facts throws(OperatorError) in
      let x = try facts.input(0)
      try facts.require(x, "input", among: [.bool])
      let count = x.count
      return Execution(kernel: "not", overwrites: 0) { $0.map(count, Negation()) }
    })
}

private struct Negation: MapFunction {
  @inline(__always)
  func callAsFunction(_ x: UInt8) -> UInt8 { x == 0 ? 1 : 0 }
}
