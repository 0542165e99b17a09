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
  ///
  /// `operation` is the same function as a kernel for vectors of float32, where there is one.
  func unary<F: ElementFunction>(
    _ kernel: String, _ function: F, vectors operation: UnaryOperation? = nil
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    switch x.type {
    case .float32:
      if let operation { return vectorized(operation, x.count) }
      return try mapping(kernel, function, Float.self)
    case .float64: return try mapping(kernel, function, Double.self)
    case .uint8 where x.quantization != nil: return try table { function($0) }
    default:
      throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
    }
  }

  /// An execution that maps `count` elements of float32 by the kernel for vectors.
  func vectorized(_ operation: UnaryOperation, _ count: Int) -> Execution {
    let kernels = VectorKernels.best
    return Execution(kernel: kernels.unaryName, overwrites: 0) { operands in
      operands.split(count, grain: 1 << 14) { range in
        let first = range.lowerBound
        kernels.apply(
          operation, operands.input(0, as: Float.self) + first,
          to: operands.output(as: Float.self) + first, count: range.count)
      }
    }
  }

  /// An execution that maps numbers of any type one by one.
  func unaryNumber<F: NumberFunction>(
    _ kernel: String, _ function: F, vectors operation: UnaryOperation? = nil
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    if x.quantization != nil { return try table { function($0) } }
    if let operation, x.type == .float32 { return vectorized(operation, x.count) }
    return try x.perform(MapTask(kernel: kernel, count: x.count, function: function))
  }

  private func mapping<F: ElementFunction, T: RealElement>(
    _ kernel: String, _ function: F, _: T.Type
  ) throws(OperatorError) -> Execution {
    let count = try input(0).count
    let each = RealMap<F, T>(function: function)
    return Execution(kernel: kernel, overwrites: 0) { $0.map(count, each) }
  }

}

private struct MapTask<F: NumberFunction>: NumberTask {
  let kernel: String
  let count: Int
  let function: F

  func callAsFunction<T: ReducibleElement>(_: T.Type) -> Execution {
    let count = count
    let each = NumberMap<F, T>(function: function)
    return Execution(kernel: kernel, overwrites: 0) { $0.map(count, each) }
  }
}

/// A function of one element.
///
/// As a type of its own, not a closure, it is compiled into the loops over it.
protocol MapFunction: Sendable {
  associatedtype A: BitwiseCopyable & Sendable
  associatedtype R: BitwiseCopyable & Sendable
  /// The function's value.
  func callAsFunction(_ x: A) -> R
}

private struct RealMap<F: ElementFunction, T: RealElement>: MapFunction {
  let function: F
  @inline(__always)
  func callAsFunction(_ x: T) -> T { function(x) }
}

private struct NumberMap<F: NumberFunction, T: NumberElement>: MapFunction {
  let function: F
  @inline(__always)
  func callAsFunction(_ x: T) -> T { function(x) }
}

extension Operands {
  /// Maps the elements of the first input to those of the first output, on all threads.
  @inline(__always)
  func map<F: MapFunction>(_ count: Int, _ function: F) {
    split(count, grain: 1 << 14) { range in
      let from = input(0, as: F.A.self)
      let to = output(as: F.R.self)
      if rawInput(0) == UnsafeRawPointer(rawOutput()) {
        // One address for both, so that the compiler sees that a vector can be written back.
        let both = rawOutput()
        for i in range {
          let x = both.load(fromByteOffset: i &* MemoryLayout<F.A>.stride, as: F.A.self)
          both.storeBytes(
            of: function(x), toByteOffset: i &* MemoryLayout<F.R>.stride, as: F.R.self)
        }
      } else {
        for i in range { to[i] = function(from[i]) }
      }
    }
  }
}
