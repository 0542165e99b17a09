import Kernels
import ModelFormat
import Operators

/// Everything that is decided before the first run: kernels, constants, memory.
struct ExecutionPlan {
  /// A step that runs: views are left out.
  struct Step {
    let execution: Execution
    let inputs: [Operand?]
    let outputs: [Output]
    /// The buffer of its scratch memory.
    let scratch: Int
    let info: StepInfo
  }

  /// Where an operand lies.
  enum Operand {
    case buffer(Int)
    case constant(Int)
  }

  /// Where an output lies: in a buffer of its own, or a column of another's.
  struct Output {
    let buffer: Int
    var offset = 0
    /// The bytes of a row, and those from row to row; nil where rows lie one behind the other.
    var column: (width: Int, pitch: Int)?
  }

  private(set) var steps: [Step] = []
  private(set) var buffers: [MemoryPlan.Buffer] = []
  /// Values of the graph that are other values under another shape; no step computes them.
  private(set) var views: [(from: ValueID, to: ValueID)] = []
  private(set) var constants: [AlignedBuffer] = []
  /// What one run takes, in multiply-accumulates (`Operator.work`).
  private(set) var work = 0
  /// For graph inputs and outputs: the buffer or the constant that holds them.
  private(set) var inputs: [Int] = []
  private(set) var outputs: [Operand] = []

  private var bufferOfValue: [Int?] = []
  private var joins = JoinPlan()
  private var constantOfValue: [Int?] = []
  /// The most bytes of one activation, and of all constants as kernels hold them.
  private let limits: (activation: Int, constants: Int)
  private var constantBytes = 0
  /// The threads that runs are for.
  private let threads: Int

  /// Room behind each activation, so that kernels may load whole vectors.
  static let slack = 64
  /// Steps of a plan: placing buffers takes time that grows with their square.
  static let maximumSteps = 1 << 15
  /// Buffers of a plan: a step has one for its scratch memory, and may have many outputs.
  static let maximumBuffers = 1 << 17
  /// Bytes of constants that a network may always take; beyond them, four times what its values hold.
  ///
  /// Kernels pack weights anew for each node that reads them, so that many nodes of a small file could
  /// take any amount.
  static let freeConstantBytes = 1 << 32

  /// The plan of `graph` within `most`; `pool` shares out the packing of weights.
  init(_ graph: Graph, _ most: RunLimits, pool: ThreadPool) throws(InterpreterError) {
    guard graph.nodes.count <= Self.maximumSteps else { throw .steps(graph.nodes.count) }
    let layout = try LayoutPlan(graph)
    let count = layout.steps.count + graph.inputs.count
    guard count <= Self.maximumSteps else { throw .steps(count) }
    let held = graph.values.reduce(0) { sum, value in
      value.constant.map { sum &+ $0.shape.count &* value.type.size } ?? sum
    }
    threads = pool.threads
    limits = (most.arena, max(Self.freeConstantBytes, held &* 4))
    bufferOfValue = Array(repeating: nil, count: layout.values.count)
    constantOfValue = bufferOfValue
    let lastUse = Self.lastUses(layout, graph)
    joins = JoinPlan(layout, graph)
    for id in graph.inputs {
      guard let value = layout.rowMajor(id) else { continue }
      inputs.append(
        try addBuffer(layout.values[value].facts.byteCount, at: 0, until: lastUse[value]))
      bufferOfValue[value] = inputs[inputs.count - 1]
    }
    let prepared = try prepareAll(layout, pool)
    for (index, step) in layout.steps.enumerated() {
      let execution = if let prepared { prepared[index] } else { try step.prepare() }
      try add(step, execution, at: index, layout, lastUse, threads: pool.threads)
    }
    for id in graph.outputs {
      guard let value = layout.rowMajor(id) else { continue }
      if let buffer = bufferOfValue[value] {
        buffers[buffer].last = layout.steps.count
        outputs.append(.buffer(buffer))
      } else {
        outputs.append(.constant(try constant(value, layout)))
      }
    }
    for step in layout.steps { work = .saturatingSum(work, step.op.work(step.facts)) }
    guard work <= most.work else { throw .work(work, limit: most.work) }
  }

  /// Refuses a buffer that would not fit alone, so that sums of sizes cannot overflow.
  private mutating func addBuffer(
    _ size: Int, at first: Int, until last: Int
  ) throws(InterpreterError) -> Int {
    guard size <= limits.activation else { throw .memory(bytes: size) }
    guard buffers.count < Self.maximumBuffers else { throw .buffers }
    buffers.append(.init(size: size + Self.slack, first: first, last: last))
    return buffers.count - 1
  }

  /// The last step that reads each value, views included; graph outputs are read at the end.
  private static func lastUses(_ layout: LayoutPlan, _ graph: Graph) -> [Int] {
    var last = [Int](repeating: 0, count: layout.values.count)
    for (index, step) in layout.steps.enumerated() {
      for case let value? in step.inputs { last[value] = index }
      for value in step.outputs { last[value] = max(last[value], index) }
    }
    for id in graph.outputs {
      if let value = layout.rowMajor(id) { last[value] = layout.steps.count }
    }
    return last
  }

  /// All steps made ready, shared out among threads, or nil where they are to be made ready one by one:
  /// with one thread, and where they might pack more than a plan may hold.
  private func prepareAll(
    _ layout: LayoutPlan, _ pool: ThreadPool
  ) throws(InterpreterError) -> [Execution]? {
    // Before anything is prepared: tables for kernels grow with the extents of outputs.
    var constants = 0
    for step in layout.steps {
      for output in step.facts.outputs where output.byteCount > limits.activation {
        throw .memory(bytes: output.byteCount)
      }
      for input in step.facts.inputs where input?.constant != nil {
        constants = min(constants, limits.constants) + (input?.byteCount ?? 0)
      }
    }
    guard pool.threads > 1, constants <= limits.constants else { return nil }
    var results = [Result<Execution, InterpreterError>?](repeating: nil, count: layout.steps.count)
    results.withUnsafeMutableBufferPointer { results in
      // Each part writes one element that no other touches.
      nonisolated(unsafe) let results = results
      pool.run(parts: layout.steps.count) { index in
        do throws(InterpreterError) {
          results[index] = .success(try layout.steps[index].prepare())
        } catch {
          results[index] = .failure(error)
        }
      }
    }
    var executions: [Execution] = []
    executions.reserveCapacity(results.count)
    for case let result? in results { executions.append(try result.get()) }
    return executions
  }

  private mutating func add(
    _ step: PlannedStep, _ execution: Execution, at index: Int, _ layout: LayoutPlan,
    _ lastUse: [Int], threads: Int
  ) throws(InterpreterError) {
    for position in execution.packedInputs where position < step.inputs.count {
      if let facts = step.facts.inputs[position], facts.constant != nil {
        try account(facts.byteCount)
      }
    }
    // A view of an activation is the activation: its buffer lives for as long as either is read.
    if execution.isView, let value = step.inputs[0], let buffer = bufferOfValue[value],
      let output = step.outputs.first, step.outputs.count == 1
    {
      bufferOfValue[output] = buffer
      buffers[buffer].last = max(buffers[buffer].last, lastUse[output])
      if let from = layout.values[value].source, let to = layout.values[output].source, from != to {
        views.append((from, to))
      }
      return
    }
    var execution = execution
    let joined = joins.written(of: index)
    if !joined.isEmpty, let rest = execution.without { execution = rest(joined) }
    var inputs: [Operand?] = []
    for (position, value) in step.inputs.enumerated() {
      guard let value, !execution.packedInputs.contains(position), !joined.contains(position) else {
        inputs.append(nil)
        continue
      }
      if let buffer = bufferOfValue[value] {
        inputs.append(.buffer(buffer))
      } else {
        inputs.append(.constant(try constant(value, layout)))
      }
    }
    var outputs: [Output] = []
    for (position, value) in step.outputs.enumerated() {
      let size = layout.values[value].facts.byteCount
      if position == 0, let place = joins.place(of: value), let run = execution.runPitched {
        // The result of the node that joins lives from the first of its inputs on.
        let whole = layout.steps[place.step].outputs[0]
        let buffer: Int
        if let known = bufferOfValue[whole] {
          buffer = known
        } else {
          let bytes = layout.values[whole].facts.byteCount
          buffer = try addBuffer(bytes, at: index, until: lastUse[whole])
          bufferOfValue[whole] = buffer
        }
        execution.run = { run($0, place.pitch) }
        joins.write(value)
        outputs.append(
          Output(buffer: buffer, offset: place.offset, column: (place.width, place.pitch)))
      } else if !joined.isEmpty, let buffer = bufferOfValue[value] {
        outputs.append(Output(buffer: buffer))
      } else if position == 0, let reused = reusable(execution, step, size: size, at: index) {
        bufferOfValue[value] = reused
        buffers[reused].last = lastUse[value]
        outputs.append(Output(buffer: reused))
      } else {
        let buffer = try addBuffer(size, at: index, until: lastUse[value])
        bufferOfValue[value] = buffer
        outputs.append(Output(buffer: buffer))
      }
    }
    let scratch = try addBuffer(
      execution.scratch.bytes(threads: threads), at: index, until: index)
    steps.append(
      Step(
        execution: execution, inputs: inputs, outputs: outputs, scratch: scratch,
        info: StepInfo(
          step, execution,
          firstOutputName: step.outputs.first.map { layout.values[$0].name } ?? "")))
  }

  /// The input buffer that the first output may take over, or nil.
  ///
  /// Not one that another operand lies in too: a convolution whose residual is its own input reads
  /// neighbours of what it has already stored.
  private func reusable(
    _ execution: Execution, _ step: PlannedStep, size: Int, at index: Int
  ) -> Int? {
    guard let position = execution.overwrites, position < step.inputs.count,
      let value = step.inputs[position], let buffer = bufferOfValue[value],
      buffers[buffer].last == index, buffers[buffer].size == size + Self.slack
    else { return nil }
    for (other, operand) in step.inputs.enumerated() where other != position {
      if let operand, bufferOfValue[operand] == buffer { return nil }
    }
    return buffer
  }

  /// The number of the constant that holds `value`, in the layout and type that operators see.
  private mutating func constant(
    _ value: Int, _ layout: LayoutPlan
  ) throws(InterpreterError) -> Int {
    if let known = constantOfValue[value] { return known }
    let facts = layout.values[value].facts
    try account(facts.byteCount)
    var bytes = Bytes([])
    if let tensor = facts.constant {
      bytes = tensor.type == facts.type ? tensor.dense : Bytes(elements: tensor.floats())
    }
    constants.append(AlignedBuffer(bytes, facts))
    constantOfValue[value] = constants.count - 1
    return constants.count - 1
  }

  /// Adds to the bytes of constants that the plan holds.
  private mutating func account(_ bytes: Int) throws(InterpreterError) {
    // Both are at most 2⁴³ and the limit is far below 2⁶²: the sum cannot overflow.
    constantBytes += bytes
    guard constantBytes <= limits.constants else { throw .constants(bytes: constantBytes) }
  }
}
