import Kernels
import ModelFormat

extension Operator {
  /// BitwiseNot: the bits that are not set in an integer, for each element.
  static let bitwiseNot = Operator(
    "BitwiseNot", since: 18, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.sameAsInput()] },
    prepare: { facts throws(OperatorError) in
      let x = try facts.input(0)
      guard x.quantization == nil else { throw .unsupported("a quantized input is not supported") }
      return try x.perform(integers: Inverting(count: x.count))
    })
}

private struct Inverting: IntegerTask {
  let count: Int

  func callAsFunction<T: ReducibleElement & FixedWidthInteger>(_: T.Type) -> Execution {
    let count = count
    return Execution(kernel: "bitwisenot", overwrites: 0) { $0.map(count, BitInversion<T>()) }
  }
}

private struct BitInversion<T: FixedWidthInteger & BitwiseCopyable & Sendable>: MapFunction {
  @inline(__always)
  func callAsFunction(_ x: T) -> T { ~x }
}
