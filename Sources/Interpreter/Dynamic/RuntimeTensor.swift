import ModelFormat
import Operators

/// Bytes that a run may take for tensors whose sizes its data decide.
final class MemoryBudget {
  private let limit: Int
  private var used = 0

  init(limit: Int) { self.limit = limit }

  /// Refuses a run that would take more than the limit with `bytes` more.
  func require(_ bytes: Int) throws(InterpreterError) {
    // No tensor has more than 2⁴³ bytes: the sum cannot overflow.
    guard bytes >= 0, bytes <= limit, used + bytes <= limit else {
      throw .memory(bytes: bytes)
    }
  }

  fileprivate func take(_ bytes: Int) { used += bytes }
  fileprivate func give(_ bytes: Int) { used -= bytes }
}

/// A tensor whose shape turned out during a run; row-major.
final class RuntimeTensor {
  /// What it is; never a constant.
  let facts: ValueFacts
  /// Its elements.
  let buffer: AlignedBuffer
  private let budget: MemoryBudget

  init(_ facts: ValueFacts, _ buffer: AlignedBuffer, _ budget: MemoryBudget) {
    self.facts = ValueFacts(
      type: facts.type, shape: facts.shape, quantization: facts.quantization)
    self.buffer = buffer
    self.budget = budget
    budget.take(buffer.count)
  }

  deinit { budget.give(buffer.count) }

  /// A tensor of one element.
  static func scalar<T: BitwiseCopyable>(
    _ value: T, _ type: ElementType, _ budget: MemoryBudget
  ) -> RuntimeTensor {
    let buffer = AlignedBuffer(MemoryLayout<T>.size)
    buffer.pointer.storeBytes(of: value, as: T.self)
    return RuntimeTensor(ValueFacts(type: type, shape: []), buffer, budget)
  }

  /// The elements as a constant's data.
  var tensor: Tensor { Tensor(type: facts.type, shape: facts.shape, bytes: buffer.bytes) }

  /// The only element of an int64 tensor, or nil where it is none.
  var integer: Int64? {
    guard facts.type == .int64, facts.count == 1 else { return nil }
    return buffer.pointer.load(as: Int64.self)
  }

  /// The only element of a bool tensor, or nil where it is none.
  var truth: Bool? {
    guard facts.type == .bool, facts.count == 1 else { return nil }
    return buffer.pointer.load(as: UInt8.self) != 0
  }
}
