import ModelFormat
import Operators

/// What a run may take where its data decide: bytes of tensors, work, and iterations of all loops
/// together.
final class RunBudget {
  /// Work of a node that computes nothing: it is prepared, and takes memory.
  private static let nodeWork = 1 << 16

  private let limits: RunLimits
  /// What the planned part of each run takes.
  private let planned: Int
  private var used = 0
  private var work = 0
  private var iterations = 0

  /// The budget of runs whose planned part takes `planned` multiply-accumulates.
  init(_ limits: RunLimits, planned: Int) {
    self.limits = limits
    self.planned = planned
  }

  /// The most bytes at once.
  var limit: Int { limits.arena }

  /// Begins a run, which has everything before it.
  func begin() {
    iterations = 0
    work = planned
  }

  /// Counts one run of a node of `op`.
  func compute(_ op: Operator, _ facts: NodeFacts) throws(InterpreterError) {
    work = .saturatingSum(work, .saturatingSum(Self.nodeWork, op.work(facts)))
    guard work <= limits.work else { throw .work(work, limit: limits.work) }
  }

  /// Counts one iteration of a loop of `node`.
  func iterate(_ node: Node) throws(InterpreterError) {
    iterations += 1
    // A network that counts further is taken for one that does not end.
    guard iterations <= limits.iterations else {
      throw .node(
        name: node.name, op: node.op,
        .unsupported("has not ended after \(limits.iterations) iterations"))
    }
  }

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
  private let budget: RunBudget

  init(_ facts: ValueFacts, _ buffer: AlignedBuffer, _ budget: RunBudget) {
    self.facts = ValueFacts(
      type: facts.type, shape: facts.shape, quantization: facts.quantization)
    self.buffer = buffer
    self.budget = budget
    budget.take(buffer.count)
  }

  deinit { budget.give(buffer.count) }

  /// A tensor of one element.
  static func scalar<T: BitwiseCopyable>(
    _ value: T, _ type: ElementType, _ budget: RunBudget
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
