import Kernels
import ModelFormat

/// A function of one real number that an operator applies to each element.
protocol ElementFunction: Sendable {
  /// The function's value at `x`.
  func callAsFunction<T: RealElement>(_ x: T) -> T
}

/// A function of one number, real or integer, that an operator applies to each element.
protocol NumberFunction: Sendable {
  /// The function's value at `x`.
  func callAsFunction<T: NumberElement>(_ x: T) -> T
}

extension NodeFacts {
  /// Facts for an output that has the first input's type, shape, layout and parameters.
  func sameAsInput() throws(OperatorError) -> ValueFacts {
    var facts = try input(0)
    facts.constant = nil
    return facts
  }

  /// Facts for a bool output of the first input's shape and layout.
  func boolLikeInput() throws(OperatorError) -> ValueFacts {
    let facts = try input(0)
    return ValueFacts(type: .bool, shape: facts.shape, layout: facts.layout)
  }

  /// An execution that maps float32, float64 or quantized uint8 elements one by one.
  func unary<F: ElementFunction>(
    _ kernel: String, _ function: F
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    switch x.type {
    case .float32: return try mapping(kernel, function, Float.self)
    case .float64: return try mapping(kernel, function, Double.self)
    case .uint8 where x.quantization != nil: return try table(kernel) { function($0) }
    default:
      throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
    }
  }

  /// An execution that maps numbers of any type one by one.
  func unaryNumber<F: NumberFunction>(
    _ kernel: String, _ function: F
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    switch x.type {
    case .float32: return try mapping(kernel, function, Float.self)
    case .float64: return try mapping(kernel, function, Double.self)
    case .int64: return try mapping(kernel, function, Int64.self)
    case .int32: return try mapping(kernel, function, Int32.self)
    case .int8: return try mapping(kernel, function, Int8.self)
    case .uint8 where x.quantization != nil: return try table(kernel) { function($0) }
    case .uint8: return try mapping(kernel, function, UInt8.self)
    default:
      throw .unsupportedType(
        operand: "input", found: x.type,
        supported: [.float32, .float64, .int64, .int32, .int8, .uint8])
    }
  }

  // The executions name the function by its type, so that each gets a loop of its own.

  private func mapping<F: ElementFunction, T: RealElement>(
    _ kernel: String, _ function: F, _: T.Type
  ) throws(OperatorError) -> Execution {
    let count = try input(0).count
    return Execution(kernel: kernel, overwrites: 0) { operands in
      operands.map(count) { (x: T) -> T in function(x) }
    }
  }

  private func mapping<F: NumberFunction, T: NumberElement>(
    _ kernel: String, _ function: F, _: T.Type
  ) throws(OperatorError) -> Execution {
    let count = try input(0).count
    return Execution(kernel: kernel, overwrites: 0) { operands in
      operands.map(count) { (x: T) -> T in function(x) }
    }
  }
}

extension Operands {
  /// Maps the elements of the first input to those of the first output, on all threads.
  @inline(__always)
  func map<A: BitwiseCopyable & Sendable, R: BitwiseCopyable & Sendable>(
    _ count: Int, _ function: @Sendable (A) -> R
  ) {
    split(count, grain: 1 << 14) { range in
      let from = input(0, as: A.self)
      let to = output(as: R.self)
      if rawInput(0) == UnsafeRawPointer(rawOutput()) {
        // One address for both, so that the compiler sees that a vector can be written back.
        let both = rawOutput()
        for i in range {
          let x = both.load(fromByteOffset: i &* MemoryLayout<A>.stride, as: A.self)
          both.storeBytes(of: function(x), toByteOffset: i &* MemoryLayout<R>.stride, as: R.self)
        }
      } else {
        for i in range { to[i] = function(from[i]) }
      }
    }
  }
}
