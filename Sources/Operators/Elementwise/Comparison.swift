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
    case .float32: return try compare(kernel) { (a: Float, b: Float) in function(a, b) }
    case .float64: return try compare(kernel) { (a: Double, b: Double) in function(a, b) }
    case .int64: return try compare(kernel) { (a: Int64, b: Int64) in function(a, b) }
    case .int32: return try compare(kernel) { (a: Int32, b: Int32) in function(a, b) }
    case .int8: return try compare(kernel) { (a: Int8, b: Int8) in function(a, b) }
    case .uint8: return try compare(kernel) { (a: UInt8, b: UInt8) in function(a, b) }
    case .bool:
      // Any byte but zero is true.
      return try compare(kernel) { (a: UInt8, b: UInt8) in
        function(a == 0 ? 0 as UInt8 : 1, b == 0 ? 0 : 1)
      }
    default:
      throw .unsupportedType(
        operand: "input", found: x.type,
        supported: [.float32, .float64, .int64, .int32, .int8, .uint8, .bool])
    }
  }

  /// An execution that combines two bool inputs, which `function` gets as 0 and 1.
  func combiningBools(
    _ kernel: String, _ function: @escaping @Sendable (UInt8, UInt8) -> UInt8
  ) throws(OperatorError) -> Execution {
    try require(try input(0), "the first input", among: [.bool])
    return try compare(kernel) { (a: UInt8, b: UInt8) in
      function(a == 0 ? 0 : 1, b == 0 ? 0 : 1) != 0
    }
  }

  @inline(__always)
  private func compare<A: BitwiseCopyable & Sendable>(
    _ kernel: String, _ function: @escaping @Sendable (A, A) -> Bool
  ) throws(OperatorError) -> Execution {
    let walk = Broadcast(try output(), [try input(0), try input(1)])
    return Execution(kernel: kernel, overwrites: try overwritable([0, 1])) { operands in
      operands.combine(walk, .input(0), .input(1)) { (a: A, b: A) -> UInt8 in
        function(a, b) ? 1 : 0
      }
    }
  }
}
