import Kernels
import ModelFormat

/// A function of two integers of one type, bit by bit.
protocol BitFunction: Sendable {
  /// The function's value.
  func callAsFunction<T: FixedWidthInteger>(_ a: T, _ b: T) -> T
}

extension NodeFacts {
  /// An execution that combines the integers of two inputs.
  func combiningBits<F: BitFunction>(
    _ kernel: String, _ function: F
  ) throws(OperatorError) -> Execution {
    if inputs.contains(where: { $0?.quantization != nil }) {
      throw .unsupported("quantized inputs are not supported")
    }
    return try input(0).perform(
      integers: CombiningBits(facts: self, kernel: kernel, function: function))
  }
}

private struct CombiningBits<F: BitFunction>: IntegerTask {
  let facts: NodeFacts
  let kernel: String
  let function: F

  func callAsFunction<T: ReducibleElement & FixedWidthInteger>(
    _: T.Type
  ) throws(OperatorError) -> Execution {
    let walk = Broadcast(try facts.output(), [try facts.input(0), try facts.input(1)])
    let pair = BitPair<F, T>(function: function)
    return Execution(kernel: kernel, overwrites: try facts.overwritable([0, 1])) { operands in
      operands.combine(walk, .input(0), .input(1), pair)
    }
  }
}

private struct BitPair<F: BitFunction, T: FixedWidthInteger & BitwiseCopyable & Sendable>:
  PairFunction
{
  static var hasOwnLoops: Bool { false }
  let function: F
  @inline(__always)
  func callAsFunction(_ a: T, _ b: T) -> T { function(a, b) }
}
