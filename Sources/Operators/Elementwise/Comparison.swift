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
    switch x.type {
    case .float32: return try compare(kernel, function, Float.self)
    case .float64: return try compare(kernel, function, Double.self)
    case .int64: return try compare(kernel, function, Int64.self)
    case .int32: return try compare(kernel, function, Int32.self)
    case .int8: return try compare(kernel, function, Int8.self)
    case .uint8: return try compare(kernel, function, UInt8.self)
    case .bool: return try compare(kernel, function, Truth.self)
    default:
      throw .unsupportedType(
        operand: "input", found: x.type,
        supported: [.float32, .float64, .int64, .int32, .int8, .uint8, .bool])
    }
  }

  private func compare<F: ComparisonFunction, A: BitwiseCopyable & Sendable & Comparable>(
    _ kernel: String, _ function: F, _: A.Type
  ) throws(OperatorError) -> Execution {
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    let pair = Comparing<F, A>(function: function)
    return Execution(kernel: kernel, overwrites: try overwritable([0, 1])) { operands in
      operands.combine(walk, .input(0), .input(1), pair)
    }
  }
}

/// A comparison of elements of one type.
private struct Comparing<
  F: ComparisonFunction, T: BitwiseCopyable & Sendable & Comparable
>: PairFunction {
  let function: F
  @inline(__always)
  func callAsFunction(_ a: T, _ b: T) -> UInt8 { function(a, b) ? 1 : 0 }
}

/// A bool as one byte, of which any but zero is true; false is below true.
struct Truth: BitwiseCopyable, Sendable, Comparable {
  private let byte: UInt8
  private var bit: UInt8 { byte == 0 ? 0 : 1 }
  static func == (a: Truth, b: Truth) -> Bool { a.bit == b.bit }
  static func < (a: Truth, b: Truth) -> Bool { a.bit < b.bit }
}
