import Kernels
import ModelFormat

/// A function of two numbers of one type.
protocol BinaryFunction: Sendable {
  /// The function's value.
  func callAsFunction<T: NumberElement>(_ a: T, _ b: T) -> T
}

/// A function of an element of each of two operands.
///
/// As a type of its own, not a closure, it is compiled into the loops over it.
protocol PairFunction: Sendable {
  associatedtype A: BitwiseCopyable & Sendable
  associatedtype B: BitwiseCopyable & Sendable
  associatedtype R: BitwiseCopyable & Sendable
  /// Whether each way of walking the operands gets a loop of its own.
  static var hasOwnLoops: Bool { get }
  /// The function's value.
  func callAsFunction(_ a: A, _ b: B) -> R
}

extension PairFunction {
  static var hasOwnLoops: Bool { true }
}

/// A binary function for one type of number.
private struct Combining<F: BinaryFunction, T: NumberElement>: PairFunction {
  static var hasOwnLoops: Bool { T.hasOwnLoops }
  let function: F
  @inline(__always)
  func callAsFunction(_ a: T, _ b: T) -> T { function(a, b) }
}

/// Where an elementwise step reads an operand from.
enum OperandSource: Sendable {
  case input(Int)
  case output
  case scratch
}

extension NodeFacts {
  /// Facts for the result of arithmetic on all inputs, which must have one type.
  func arithmeticOutput() throws(OperatorError) -> ValueFacts {
    let type = try input(0).type
    for index in inputs.indices { try require(try input(index), "input \(index)", among: [type]) }
    return try broadcastOutput(type)
  }

  /// An execution that combines the inputs by `function`, from the first to the last.
  ///
  /// `operation` is the same function as a kernel for vectors of float32, where there is one.
  func combining<F: BinaryFunction>(
    _ kernel: String, _ function: F, vectors operation: BinaryOperation? = nil
  ) throws(OperatorError) -> Execution {
    if inputs.contains(where: { $0?.quantization != nil }) {
      throw .unsupported("quantized inputs of this kind are not supported")
    }
    if let operation, inputs.count == 2, try input(0).type == .float32 {
      let walk = Broadcast(try output(), [try input(0), try input(1)])
      let overwritten = try overwritable([0, 1])
      if let execution = vectorized(operation, walk, overwrites: overwritten) { return execution }
    }
    return try input(0).perform(Folding(facts: self, kernel: kernel, function: function))
  }

  fileprivate func folding<F: BinaryFunction, T: NumberElement>(
    _ kernel: String, _ function: F, _: T.Type
  ) throws(OperatorError) -> Execution {
    let output = try output()
    var facts: [ValueFacts] = []
    for index in inputs.indices { facts.append(try input(index)) }
    if facts.count == 1 {
      let bytes = output.byteCount
      return Execution(kernel: "copy", overwrites: 0) { $0.copyFirstInput(bytes) }
    }
    let first = Broadcast(output, [facts[0], facts[1]])
    let rest = facts.dropFirst(2).map { Broadcast(output, [output, $0]) }
    // Later steps might read an input again that the first step has overwritten.
    let overwrites = rest.isEmpty ? try overwritable([0, 1]) : nil
    let pair = Combining<F, T>(function: function)
    return Execution(kernel: kernel, overwrites: overwrites) { operands in
      operands.combine(first, .input(0), .input(1), pair)
      for index in rest.indices {
        operands.combine(rest[index], .output, .input(index + 2), pair)
      }
    }
  }
}

private struct Folding<F: BinaryFunction>: NumberTask {
  let facts: NodeFacts
  let kernel: String
  let function: F

  func callAsFunction<T: ReducibleElement>(_: T.Type) throws(OperatorError) -> Execution {
    try facts.folding(kernel, function, T.self)
  }
}

extension Operands {
  /// The address of an input, of the first output, or of scratch memory.
  @inline(__always)
  func source<T>(_ source: OperandSource, as type: T.Type) -> UnsafePointer<T> {
    switch source {
    case .input(let index): input(index, as: type)
    case .output: UnsafePointer(output(as: type))
    case .scratch: UnsafePointer(scratch.assumingMemoryBound(to: type))
    }
  }

  /// Writes `function` of two operands to the first output, on all threads.
  @inline(__always)
  func combine<F: PairFunction>(
    _ walk: Broadcast, _ first: OperandSource, _ second: OperandSource, _ function: F
  ) {
    let (strideA, strideB) = (walk.columnStrides[0], walk.columnStrides[1])
    if walk.rows == 1 {
      split(walk.columns, grain: 1 << 14) { range in
        combineRow(
          source(first, as: F.A.self) + range.lowerBound &* strideA, strideA,
          source(second, as: F.B.self) + range.lowerBound &* strideB, strideB,
          output(as: F.R.self) + range.lowerBound, range.count, function)
      }
      return
    }
    split(walk.rows, grain: max(1, (1 << 14) / max(1, walk.columns))) { range in
      for row in range {
        combineRow(
          source(first, as: F.A.self) + walk.start(ofRow: row, operand: 0), strideA,
          source(second, as: F.B.self) + walk.start(ofRow: row, operand: 1), strideB,
          output(as: F.R.self) + row &* walk.columns, walk.columns, function)
      }
    }
  }
}

/// One row of a broadcast operation, with tight loops for the strides that matter.
@inline(__always)
private func combineRow<F: PairFunction>(
  _ a: UnsafePointer<F.A>, _ strideA: Int, _ b: UnsafePointer<F.B>, _ strideB: Int,
  _ out: UnsafeMutablePointer<F.R>, _ count: Int, _ function: F
) {
  guard F.hasOwnLoops else {
    for i in 0..<count { out[i] = function(a[i &* strideA], b[i &* strideB]) }
    return
  }
  // Where an operand lies in the output's memory, it is read through the output's address, so that
  // the compiler sees that a vector can be written back.
  let raw = UnsafeMutableRawPointer(out)
  switch (strideA, strideB) {
  case (1, 1) where UnsafeRawPointer(a) == UnsafeRawPointer(raw):
    let a = raw.assumingMemoryBound(to: F.A.self)
    for i in 0..<count { out[i] = function(a[i], b[i]) }
  case (1, 1):
    for i in 0..<count { out[i] = function(a[i], b[i]) }
  case (1, 0) where UnsafeRawPointer(a) == UnsafeRawPointer(raw):
    let a = raw.assumingMemoryBound(to: F.A.self)
    let y = b[0]
    for i in 0..<count { out[i] = function(a[i], y) }
  case (1, 0):
    let y = b[0]
    for i in 0..<count { out[i] = function(a[i], y) }
  case (0, 1):
    let x = a[0]
    for i in 0..<count { out[i] = function(x, b[i]) }
  default:
    for i in 0..<count { out[i] = function(a[i &* strideA], b[i &* strideB]) }
  }
}
