public import Kernels
public import ModelFormat
import Operators

/// Runs a network: planned once, then run as often as wanted without allocating.
public final class Interpreter {
  /// An input or an output of the network.
  public struct Port: Sendable {
    /// The value's name.
    public let name: String
    /// The element type.
    public let type: ElementType
    /// The extents.
    public let shape: Shape
    /// The number of bytes.
    public var byteCount: Int { shape.count * type.size }
  }

  /// What the network takes, in order.
  public let inputs: [Port]
  /// What the network gives, in order.
  public let outputs: [Port]
  /// The steps of one run, in order.
  public let steps: [StepInfo]
  /// Bytes of the one block of memory that holds all activations.
  public let arenaBytes: Int
  /// Bytes of activations that are alive during each step.
  public let liveBytes: [Int]
  /// The threads that it uses.
  public let pool: ThreadPool

  /// Values of the graph that are other values under another shape, in order; no step computes them.
  public var views: [(from: ValueID, to: ValueID)] { plan.views }

  private let plan: ExecutionPlan
  private let arena: AlignedBuffer
  private let offsets: [Int]
  /// Operand addresses of all steps, one behind the other; their addresses never change.
  private let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let calls: UnsafeMutableBufferPointer<Call>

  private struct Call {
    let run: @Sendable (Operands) -> Void
    let operands: Operands
  }

  /// Plans `graph`: chooses layouts and kernels, packs weights, lays out memory.
  ///
  /// - Parameters:
  ///   - graph: a network whose shapes are known.
  ///   - threads: how many threads a run uses, the caller's among them.
  ///   - maximumArena: the most bytes that activations may take.
  /// - Throws: `InterpreterError` naming the node that cannot be run.
  public init(
    _ graph: Graph, threads: Int = 1, maximumArena: Int = 1 << 34
  ) throws(InterpreterError) {
    pool = ThreadPool(threads: threads)
    plan = try ExecutionPlan(graph, maximumArena: maximumArena)
    let memory = MemoryPlan(plan.buffers)
    guard memory.arenaSize <= maximumArena else { throw .memory(bytes: memory.arenaSize) }
    guard let arena = AlignedBuffer(ifAvailable: memory.arenaSize) else {
      throw .memory(bytes: memory.arenaSize)
    }
    self.arena = arena
    arenaBytes = memory.arenaSize
    offsets = memory.offsets
    liveBytes = MemoryPlan.liveBytes(plan.buffers, steps: plan.steps.count)
    steps = plan.steps.map({ $0.info })
    func port(_ id: ValueID) -> Port {
      Port(name: graph[id].name, type: graph[id].type, shape: graph[id].shape ?? [])
    }
    inputs = graph.inputs.map(port)
    outputs = graph.outputs.map(port)

    let operandCount = plan.steps.reduce(0) { $0 + $1.inputs.count + $1.outputs.count }
    addresses = .allocate(capacity: operandCount + 1)
    calls = .allocate(capacity: plan.steps.count)
    var next = addresses
    for (index, step) in plan.steps.enumerated() {
      let first = next
      for operand in step.inputs {
        next.initialize(to: address(operand))
        next += 1
      }
      for buffer in step.outputs {
        next.initialize(to: arena.pointer + offsets[buffer])
        next += 1
      }
      let operands = Operands(
        inputs: first, outputs: first + step.inputs.count,
        scratch: arena.pointer + offsets[step.scratch], pool: pool)
      calls.initializeElement(
        at: index, to: Call(run: step.execution.run, operands: operands))
    }
  }

  deinit {
    calls.deinitialize()
    calls.deallocate()
    addresses.deallocate()
  }

  private func address(_ operand: ExecutionPlan.Operand?) -> UnsafeMutableRawPointer {
    switch operand {
    case .buffer(let buffer): arena.pointer + offsets[buffer]
    case .constant(let constant): plan.constants[constant].pointer
    case nil: arena.pointer
    }
  }

  /// The memory of input `index`, to be filled before each run: later steps may reuse it.
  public func input(_ index: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: arena.pointer + offsets[plan.inputs[index]], count: inputs[index].byteCount)
  }

  /// Copies `bytes` to input `index`.
  public func setInput(
    _ index: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(InterpreterError) {
    guard bytes.count == inputs[index].byteCount else {
      throw .inputSize(
        name: inputs[index].name, expected: inputs[index].byteCount, found: bytes.count)
    }
    input(index).copyMemory(from: bytes)
  }

  /// The memory of output `index`: the result of the last run, until the next one.
  public func output(_ index: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: address(plan.outputs[index]), count: outputs[index].byteCount)
  }

  /// Computes the outputs from the inputs.
  public func run() {
    for call in calls { call.run(call.operands) }
  }

  /// Computes the outputs, and calls `observe` after each step with its position.
  ///
  /// During the call, `stepOutput` gives what the step has written.
  public func run(observing observe: (Int) -> Void) {
    for (index, call) in calls.enumerated() {
      call.run(call.operands)
      observe(index)
    }
  }

  /// The memory of output `output` of step `step`, valid until a later step reuses it.
  public func stepOutput(_ step: Int, _ output: Int) -> UnsafeRawBufferPointer {
    let facts = steps[step].outputs[output].facts
    return UnsafeRawBufferPointer(
      start: arena.pointer + offsets[plan.steps[step].outputs[output]], count: facts.byteCount)
  }
}
