import Kernels
import ModelFormat

/// A question about two numbers of one type.
protocol ComparisonFunction: Sendable {
  /// The answer.
  func callAsFunction<T: Comparable>(_ a: T, _ b: T) -> Bool
}

extension NodeFacts {
  /// Facts for a bool result about two inputs of one type.
  func comparisonOutput() throws(OperatorError) -> ValueFacts {
    try require(try input(1), "the second input", among: [try input(0).type])
    return try broadcastOutput(.bool)
  }

  /// An execution that compares two inputs.
  func comparing<F: ComparisonFunction>(
    _ kernel: String, _ function: F
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    if inputs.contains(where: { $0?.quantization != nil }) {
      throw .unsupported("quantized inputs cannot be compared")
    }
    if x.type == .bool { return try compare(kernel, ComparingTruths(function: function)) }
    return try x.perform(ComparisonTask(facts: self, kernel: kernel, function: function))
  }

  fileprivate func compare<P: PairFunction>(
    _ kernel: String, _ pair: P
  ) throws(OperatorError) -> Execution {
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    return Execution(kernel: kernel, overwrites: try overwritable([0, 1])) { operands in
      operands.combine(walk, .input(0), .input(1), pair)
    }
  }
}

private struct ComparisonTask<F: ComparisonFunction>: NumberTask {
  let facts: NodeFacts
  let kernel: String
  let function: F

  func callAsFunction<T: ReducibleElement>(_: T.Type) throws(OperatorError) -> Execution {
    try facts.compare(kernel, Comparing<F, T>(function: function))
  }
}

/// A comparison of numbers of one type.
private struct Comparing<F: ComparisonFunction, T: NumberElement>: PairFunction {
  static var hasOwnLoops: Bool { T.hasOwnLoops }
  let function: F
  @inline(__always)
  func callAsFunction(_ a: T, _ b: T) -> UInt8 { function(a, b) ? 1 : 0 }
}

/// A comparison of bools.
private struct ComparingTruths<F: ComparisonFunction>: PairFunction {
  static var hasOwnLoops: Bool { false }
  let function: F
  @inline(__always)
  func callAsFunction(_ a: Truth, _ b: Truth) -> UInt8 { function(a, b) ? 1 : 0 }
}

/// A bool as one byte, of which any but zero is true; false is below true.
struct Truth: BitwiseCopyable, Sendable, Comparable {
  private let byte: UInt8
  private var bit: UInt8 { byte == 0 ? 0 : 1 }
  static func == (a: Truth, b: Truth) -> Bool { a.bit == b.bit }
  static func < (a: Truth, b: Truth) -> Bool { a.bit < b.bit }
}
