public import Kernels
public import ModelFormat
import Operators

/// Runs a network: planned once, then run as often as wanted without allocating.
///
/// What depends on the data of a run (shapes such as that of NonZero, control flow) cannot be planned:
/// those nodes run behind the plan, one by one, and take memory as they need it.
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

    /// A port.
    public init(name: String, type: ElementType, shape: Shape) {
      self.name = name
      self.type = type
      self.shape = shape
    }
  }

  /// What the network takes, in order.
  public let inputs: [Port]
  /// What the network gives, in order.
  ///
  /// The type and shape of an output that depends on the data are those of the last run; before the
  /// first, the shape is that of an empty vector.
  public private(set) var outputs: [Port]
  /// Whether some nodes run behind the plan, one by one.
  public var hasUnplannedNodes: Bool { openPart != nil }
  /// Whether some nodes depend on the data of a run, which can then fail.
  public let dependsOnData: Bool
  /// The planned steps of one run, in order.
  public let steps: [StepInfo]
  /// Bytes of the one block of memory that holds all activations.
  public let arenaBytes: Int
  /// Bytes of activations that are alive during each step.
  public let liveBytes: [Int]
  /// The threads that it uses.
  public let pool: ThreadPool

  /// Values of the graph that are other values under another shape, in order; no step computes them.
  public var views: [(from: ValueID, to: ValueID)] { plan.views }

  private let parts: GraphParts
  /// Runs the nodes that cannot be planned, and what they have made in the last run.
  private let openPart: GraphRunner?
  private var openResults: [RuntimeTensor] = []
  private let budget: RunBudget
  private let plan: ExecutionPlan
  private let files: MappedConstants
  private let arena: AlignedBuffer
  private let offsets: [Int]
  /// The last copy of columns that was asked for.
  private var gathered: AlignedBuffer?
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
  ///   - limits: what the network may take.
  ///   - isStreaming: whether weights are prepared for each node when it runs and dropped behind it: slow,
  ///     but no more than one layer of a large network is in memory.
  /// - Throws: `InterpreterError` naming the node that cannot be run.
  public init(
    _ graph: Graph, threads: Int = 1, limits: RunLimits = RunLimits(), isStreaming: Bool = false
  ) throws(InterpreterError) {
    pool = ThreadPool(threads: threads)
    var graph = graph
    try graph.inferOpenShapes()
    files = MappedConstants(graph)
    (parts, plan) = try Self.plan(graph, limits, isStreaming: isStreaming, pool)
    budget = RunBudget(limits, planned: plan.work)
    openPart =
      if let open = parts.open { try GraphRunner(open, budget, isStreaming: isStreaming) } else {
        nil
      }
    dependsOnData = parts.open?.dependsOnData ?? false
    let memory = MemoryPlan(plan.buffers, threads: pool.threads)
    guard memory.arenaSize <= limits.arena else { throw .memory(bytes: memory.arenaSize) }
    guard let arena = AlignedBuffer(ifAvailable: memory.arenaSize) else {
      throw .memory(bytes: memory.arenaSize)
    }
    self.arena = arena
    arenaBytes = memory.arenaSize
    offsets = memory.offsets
    liveBytes = MemoryPlan.liveBytes(plan.buffers, steps: plan.steps.count)
    steps = plan.steps.map({ $0.info })
    func port(_ id: ValueID) -> Port {
      Port(name: graph[id].name, type: graph[id].type, shape: graph[id].shape ?? [0])
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
      for output in step.outputs {
        next.initialize(to: arena.pointer + offsets[output.buffer] + output.offset)
        next += 1
      }
      let operands = Operands(
        inputs: first, outputs: first + step.inputs.count,
        scratch: arena.pointer + offsets[step.scratch], pool: pool)
      calls.initializeElement(
        at: index, to: Call(run: step.execution.run, operands: operands))
    }
    try files.requireWhole()
  }

  deinit {
    calls.deinitialize()
    calls.deallocate()
    addresses.deallocate()
  }

  private static let maximumAttempts = 32

  /// The plan of what can be planned.
  ///
  /// A node that turns out to need the elements of an operand joins those that depend on the data; after
  /// a few of them all nodes do, for each costs a plan.
  private static func plan(
    _ graph: Graph, _ limits: RunLimits, isStreaming: Bool, _ pool: ThreadPool
  ) throws(InterpreterError) -> (GraphParts, ExecutionPlan) {
    var moved = isStreaming ? Set(graph.nodes.indices) : []
    var attempts = 0
    while true {
      let parts = GraphParts(graph, moving: moved)
      do throws(InterpreterError) {
        return (parts, try ExecutionPlan(parts.planned, limits, pool: pool))
      } catch {
        guard case .node(let name, _, .needsConstant) = error else { throw error }
        let known = moved.count
        for index in graph.nodes.indices where graph.nodes[index].name == name {
          moved.insert(index)
        }
        guard moved.count > known else { throw error }
        attempts += 1
        if attempts == maximumAttempts { moved = Set(graph.nodes.indices) }
      }
    }
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
    switch parts.outputs[index] {
    case .planned(let position):
      return UnsafeRawBufferPointer(
        start: address(plan.outputs[position]), count: outputs[index].byteCount)
    case .open(let position):
      guard position < openResults.count else {
        return UnsafeRawBufferPointer(start: arena.pointer, count: 0)
      }
      let buffer = openResults[position].buffer
      return UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count)
    }
  }

  /// Computes the outputs from the inputs.
  ///
  /// - Throws: `InterpreterError` where a node that depends on the data meets data that it cannot
  ///   compute with, or a file that weights are read from was cut (`MappedFile.guardAgainstLoss`); a network
  ///   whose shapes are all known and whose files stay whole never throws.
  public func run() throws(InterpreterError) {
    for call in calls { call.run(call.operands) }
    try runOpenPart()
    try files.requireWhole()
  }

  private func runOpenPart() throws(InterpreterError) {
    guard let openPart, let open = parts.open else { return }
    // The plan's memory is the next run's: the nodes behind it get copies.
    let first = plan.outputs.count - open.inputs.count
    openResults = []
    budget.begin()
    var operands: [RuntimeTensor] = []
    for (position, id) in open.inputs.enumerated() {
      guard let facts = open.facts(id) else {
        throw .unknownShape(value: open[id].name, node: "graph output")
      }
      try budget.require(facts.byteCount)
      let buffer = AlignedBuffer(facts.byteCount)
      buffer.pointer.copyMemory(
        from: address(plan.outputs[first + position]), byteCount: facts.byteCount)
      operands.append(RuntimeTensor(facts, buffer, budget))
    }
    openResults = try openPart.run(operands, pool)
    for (index, output) in parts.outputs.enumerated() {
      guard case .open(let position) = output else { continue }
      let facts = openResults[position].facts
      outputs[index] = Port(name: outputs[index].name, type: facts.type, shape: facts.shape)
    }
  }

  /// Computes the outputs, and calls `observe` after each step with its position.
  ///
  /// During the call, `stepOutput` gives what the step has written.
  public func run(observing observe: (Int) -> Void) throws(InterpreterError) {
    for (index, call) in calls.enumerated() {
      call.run(call.operands)
      observe(index)
    }
    try runOpenPart()
    try files.requireWhole()
  }

  /// The memory of output `output` of step `step`, valid until a later step reuses it, or until the next
  /// call: what is written as columns of a larger result is copied.
  public func stepOutput(_ step: Int, _ output: Int) -> UnsafeRawBufferPointer {
    let count = steps[step].outputs[output].facts.byteCount
    let place = plan.steps[step].outputs[output]
    let start = arena.pointer + offsets[place.buffer] + place.offset
    guard let column = place.column, column.width > 0 else {
      return UnsafeRawBufferPointer(start: start, count: count)
    }
    let copy = gathered.flatMap { $0.count >= count ? $0 : nil } ?? AlignedBuffer(count)
    gathered = copy
    for row in 0..<count / column.width {
      (copy.pointer + row * column.width).copyMemory(
        from: start + row * column.pitch, byteCount: column.width)
    }
    return UnsafeRawBufferPointer(start: copy.pointer, count: count)
  }
}
