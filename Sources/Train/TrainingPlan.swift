import Interpreter
import Kernels
import ModelFormat
import Operators

/// Everything that is decided before the first step: layouts, derivatives, memory.
///
/// Step i of n runs forward at time i and backward at time 2n - i; in between, at time n, gradients of
/// outputs are given. Buffers live between two times.
struct TrainingPlan {
  /// One step, forward and backward.
  struct Step {
    let name: String
    let op: String
    let kernel: String
    let forward: Forward
    /// What computes gradients; nil where no parameter lies behind.
    let backward: TrainingStep?
    let inputs: [Place?]
    let outputs: [Place]
    let saved: [Int]
    let scratch: Int
    var backwardScratch = 0
    /// For each input of a step with a backward pass, where its gradient goes.
    var inputGradients: [(place: Place, adds: Bool)?] = []
    var outputGradients: [Int] = []
    /// Gradients to be cleared before the backward pass, and one to be copied to scratch before.
    var cleared: [(buffer: Int, bytes: Int)] = []
    var copied: (from: Int, to: Int, bytes: Int)?
  }

  /// How a step runs forward.
  enum Forward {
    case execution(Execution)
    case own(@Sendable (StepMemory) -> Void)
  }

  /// Where something lies.
  enum Place: Hashable {
    case buffer(Int)
    /// A tensor among constants.
    case constant(Int)
    /// A parameter, or its gradient.
    case parameter(Int)
  }

  private(set) var steps: [Step] = []
  private(set) var buffers: [MemoryPlan.Buffer] = []
  private(set) var constants: [(facts: ValueFacts, id: ValueID?)] = []
  /// Where kept values lie, and their gradients.
  private(set) var kept: [ValueID: (facts: ValueFacts, place: Place, gradient: Int?)] = [:]
  /// Gradients that are given from outside, to be cleared before.
  private(set) var seeds: [(buffer: Int, bytes: Int)] = []
  /// The constants that steps change: running statistics.
  private(set) var updated: Set<ValueID> = []
  /// Parameters, in order.
  let parameters: [ValueID]

  private static let slack = 64
  private var items: [Item] = []
  private var facts: [ValueFacts] = []
  private var sources: [ValueID?] = []
  private var places: [Place?] = []
  private var constantOfValue: [Int: Int] = [:]

  /// A step of the layout plan, or a transform of an activation.
  private struct Item {
    var step: PlannedStep
    var transform: ActivationTransform?
    var prepared: TrainingStep?
    var execution: Execution?
    var isView = false
  }

  /// Plans `graph`, whose shapes are those of a batch.
  init(
    _ graph: Graph, parameters: [ValueID], keeps: [ValueID], gradients: [ValueID],
    transforms: [ValueID: ActivationTransform], threads: Int
  ) throws(TrainingError) {
    self.parameters = parameters
    let layout: LayoutPlan
    do { layout = try LayoutPlan(graph, readsPlanes: false) } catch { throw .plan(error) }
    facts = layout.values.map { $0.facts }
    sources = layout.values.map { $0.source }
    let current = insert(transforms, layout, graph)
    let parameterIndex = Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { ($0.element, $0.offset) })
    // What depends on parameters, and what the result depends on.
    var varies = sources.map { source in
      source.map { parameterIndex[$0] != nil || gradients.contains($0) } ?? false
    }
    for item in items where item.step.inputs.contains(where: { $0.map { varies[$0] } ?? false }) {
      for output in item.step.outputs { varies[output] = true }
    }
    var wanted: [(id: ValueID, value: Int)] = []
    for id in Set(graph.inputs + keeps + graph.outputs + gradients).sorted() {
      guard let value = current(id) else { throw .notKept(value: graph[id].name) }
      wanted.append((id, value))
    }
    var reaches = [Bool](repeating: false, count: facts.count)
    for (_, value) in wanted { reaches[value] = true }
    for item in items.reversed()
    where item.step.outputs.contains(where: { reaches[$0] && varies[$0] }) {
      for case let input? in item.step.inputs { reaches[input] = true }
    }
    let hasGradient = facts.indices.map {
      varies[$0] && reaches[$0] && facts[$0].type == .float32
    }
    try prepare(hasGradient, parameterIndex)
    try place(graph, hasGradient, parameterIndex, wanted.map { $0.value }, threads)
    try placeGradients(hasGradient, parameterIndex, wanted, threads)
    items = []
  }

  /// Copies the steps of `layout`, with a step for each activation that is transformed, and returns how
  /// to find the planned form of a value.
  private mutating func insert(
    _ transforms: [ValueID: ActivationTransform], _ layout: LayoutPlan, _ graph: Graph
  ) -> (ValueID) -> Int? {
    var replacement: [Int: Int] = [:]
    var form: [ValueID: Int] = [:]
    func add(behind value: Int) {
      guard let id = sources[value], let transform = transforms[id], form[id] == nil else { return }
      facts.append(facts[value])
      sources.append(id)
      let node = Node(
        name: layout.values[value].name + " transformed", op: "ActivationTransform", inputs: [id],
        outputs: [id])
      let step = PlannedStep(
        op: .changeLayout,
        facts: NodeFacts(node: node, inputs: [facts[value]], outputs: [facts[value]]),
        inputs: [value], outputs: [facts.count - 1], nodeIndex: nil)
      items.append(Item(step: step, transform: transform))
      replacement[value] = facts.count - 1
    }
    for (value, source) in sources.enumerated() {
      guard let id = source, graph.inputs.contains(id), form[id] == nil else { continue }
      add(behind: value)
      form[id] = replacement[value] ?? value
    }
    for step in layout.steps {
      var step = step
      let inputs = step.inputs.map { value in value.map { replacement[$0] ?? $0 } }
      step = PlannedStep(
        op: step.op, facts: step.facts, inputs: inputs, outputs: step.outputs,
        nodeIndex: step.nodeIndex)
      items.append(Item(step: step))
      guard step.nodeIndex != nil else { continue }
      for output in step.outputs {
        guard let id = sources[output], form[id] == nil else { continue }
        add(behind: output)
        form[id] = replacement[output] ?? output
      }
    }
    // Outputs are read row-major.
    for id in graph.outputs {
      if let value = layout.rowMajor(id) { form[id] = replacement[value] ?? value }
    }
    return { form[$0] }
  }

  /// Makes every step ready.
  private mutating func prepare(
    _ hasGradient: [Bool], _ parameterIndex: [ValueID: Int]
  ) throws(TrainingError) {
    for index in items.indices {
      let step = items[index].step
      let node = step.facts.node
      let wants = step.inputs.map { value in value.map { hasGradient[$0] } ?? false }
      let isParameter = step.inputs.map { value in
        value.flatMap { sources[$0] }.map { parameterIndex[$0] != nil } ?? false
      }
      let trained = TrainedNode(facts: step.facts, wants: wants, isParameter: isParameter)
      for (position, value) in step.inputs.enumerated() where isParameter[position] {
        guard let value, facts[value].layout == .channelsLast else { continue }
        let shape = facts[value].shape
        guard shape[1] == 1 || shape[2] * shape[3] == 1 else {
          throw .derivative(
            node: node.name, op: node.op,
            .unsupported("a trained operand of shape \(shape) among channels-last activations"))
        }
      }
      if let transform = items[index].transform {
        items[index].prepared = Self.step(transform, facts[step.outputs[0]].count)
        continue
      }
      do throws(OperatorError) {
        let isDifferentiated =
          wants.contains(true) && step.outputs.contains { hasGradient[$0] }
        if isDifferentiated || isParameter.contains(true)
          || Derivative.of(node.op)?.isAlwaysUsed == true
        {
          guard let derivative = Derivative.of(node.op) else {
            // What changes no byte needs no derivative.
            let execution = try step.op.prepare(trained.runFacts)
            guard execution.isView || !isDifferentiated else {
              throw OperatorError.unsupported(Self.noDerivative)
            }
            items[index].execution = execution
            items[index].isView = execution.isView && step.outputs.count == 1
            continue
          }
          let prepared = try derivative.prepare(trained)
          items[index].prepared = prepared
          if prepared.forward != nil { continue }
        }
        let execution = try step.op.prepare(trained.runFacts)
        items[index].execution = execution
        items[index].isView = execution.isView && step.outputs.count == 1
      } catch {
        if case .unsupported(Self.noDerivative) = error {
          throw .noDerivative(node: node.name, op: node.op)
        }
        throw .derivative(node: node.name, op: node.op, error)
      }
      if items[index].isView { items[index].prepared = nil }
    }
  }

  private static let noDerivative = "no derivative"

  /// The step of a transform.
  private static func step(_ transform: ActivationTransform, _ count: Int) -> TrainingStep {
    var step = TrainingStep(readsInputs: [0], writes: true, overwrites: [0]) { memory in
      guard let place = memory.place(0) else { return }
      memory.split(count) { range in
        let at = range.lowerBound
        if !place.adds {
          transform.gradient(
            range.count, memory.input(0) + at, memory.gradient() + at, place.pointer + at)
          return
        }
        // In pieces that stay in the cache, for there may be something to add to.
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 1024) { piece in
          guard let piece = piece.baseAddress else { return }
          for first in stride(from: at, to: range.upperBound, by: 1024) {
            let count = min(1024, range.upperBound - first)
            transform.gradient(count, memory.input(0) + first, memory.gradient() + first, piece)
            for i in 0..<count { place.pointer[first + i] += piece[i] }
          }
        }
      }
    }
    step.forward = { memory in
      memory.split(count) { range in
        transform.apply(
          range.count, memory.input(0) + range.lowerBound, memory.output() + range.lowerBound)
      }
    }
    return step
  }

  private mutating func addBuffer(_ size: Int, _ first: Int, _ last: Int) throws(TrainingError)
    -> Int
  {
    guard size <= 1 << 40 else { throw .memory(bytes: size) }
    buffers.append(.init(size: size + Self.slack, first: first, last: last))
    return buffers.count - 1
  }

  /// Where a value lies that no step makes.
  private mutating func constantPlace(_ value: Int, _ parameterIndex: [ValueID: Int]) -> Place {
    if let id = sources[value], let index = parameterIndex[id] { return .parameter(index) }
    if let known = constantOfValue[value] { return .constant(known) }
    constants.append((facts[value], sources[value]))
    constantOfValue[value] = constants.count - 1
    return .constant(constants.count - 1)
  }

  /// Gives every value its buffer.
  private mutating func place(
    _ graph: Graph, _ hasGradient: [Bool], _ parameterIndex: [ValueID: Int], _ wanted: [Int],
    _ threads: Int
  ) throws(TrainingError) {
    let n = items.count
    let end = 2 * n + 1
    // Values that are others under another shape.
    var root = Array(facts.indices)
    for item in items where item.isView {
      if let input = item.step.inputs[0] { root[item.step.outputs[0]] = root[input] }
    }
    var last = [Int](repeating: 0, count: facts.count)
    func use(_ value: Int, _ time: Int) { last[root[value]] = max(last[root[value]], time) }
    for (index, item) in items.enumerated() where !item.isView {
      for case let value? in item.step.inputs { use(value, index) }
      for value in item.step.outputs { use(value, index) }
      guard let prepared = item.prepared, isDifferentiated(item, hasGradient) else { continue }
      for position in prepared.readsInputs {
        if let value = item.step.inputs[position] { use(value, 2 * n - index) }
      }
      for position in prepared.readsOutputs { use(item.step.outputs[position], 2 * n - index) }
    }
    for value in wanted { use(value, end) }
    places = Array(repeating: nil, count: facts.count)
    for value in facts.indices {
      guard let id = sources[value], graph.inputs.contains(id), root[value] == value,
        !items.contains(where: { $0.step.outputs.contains(value) })
      else { continue }
      // Inputs stay until gradients are given, so that a forward pass can be repeated.
      places[value] = .buffer(try addBuffer(facts[value].byteCount, 0, max(n, last[value])))
    }
    for (index, item) in items.enumerated() {
      let step = item.step
      for case let value? in step.inputs where places[value] == nil {
        places[value] = constantPlace(value, parameterIndex)
      }
      if item.isView, let input = step.inputs[0] {
        places[step.outputs[0]] = places[input]
        continue
      }
      let overwrites =
        item.prepared?.forward != nil
        ? item.prepared?.forwardOverwrites : item.execution?.overwrites
      let forward: Forward
      let scratch: ScratchSize
      if let own = item.prepared?.forward {
        forward = .own(own)
        scratch = item.prepared?.forwardScratch ?? ScratchSize()
      } else if let execution = item.execution {
        forward = .execution(execution)
        scratch = execution.scratch
      } else {
        continue
      }
      let inputs = step.inputs.map { value in value.flatMap { places[$0] } }
      var outputs: [Place] = []
      for (position, value) in step.outputs.enumerated() {
        if position == 0, let reused = reusable(overwrites, inputs, facts[value].byteCount, index) {
          buffers[reused].last = max(index, last[value])
          places[value] = .buffer(reused)
        } else {
          places[value] = .buffer(
            try addBuffer(facts[value].byteCount, index, max(index, last[value])))
        }
        outputs.append(places[value] ?? .buffer(0))
      }
      let isTrained = isDifferentiated(item, hasGradient)
      var saved: [Int] = []
      for bytes in item.prepared?.saved ?? [] {
        saved.append(try addBuffer(bytes, index, isTrained ? 2 * n - index : index))
      }
      for position in item.prepared?.updates ?? [] {
        if let value = step.inputs[position], let id = sources[value] { updated.insert(id) }
      }
      steps.append(
        Step(
          name: step.facts.node.name, op: step.facts.node.op, kernel: item.execution?.kernel ?? "",
          forward: forward, backward: isTrained ? item.prepared : nil, inputs: inputs,
          outputs: outputs, saved: saved,
          scratch: try addBuffer(scratch.bytes(threads: threads), index, index)))
    }
    for value in wanted where places[value] == nil {
      places[value] = constantPlace(value, parameterIndex)
    }
  }

  private func isDifferentiated(_ item: Item, _ hasGradient: [Bool]) -> Bool {
    item.step.inputs.contains { value in value.map { hasGradient[$0] } ?? false }
      && item.step.outputs.contains { hasGradient[$0] }
  }

  /// The buffer of the input that the first output may take over, or nil.
  private func reusable(
    _ position: Int?, _ inputs: [Place?], _ bytes: Int, _ index: Int
  ) -> Int? {
    guard let position, position < inputs.count, case .buffer(let buffer)? = inputs[position],
      buffers[buffer].last == index, buffers[buffer].size == bytes + Self.slack
    else { return nil }
    for (other, place) in inputs.enumerated() where other != position {
      if place == .buffer(buffer) { return nil }
    }
    return buffer
  }

  /// Gives every gradient its buffer, from the last step to the first.
  private mutating func placeGradients(
    _ hasGradient: [Bool], _ parameterIndex: [ValueID: Int], _ wanted: [(id: ValueID, value: Int)],
    _ threads: Int
  ) throws(TrainingError) {
    let n = items.count
    let end = 2 * n + 1
    var root = Array(facts.indices)
    for item in items where item.isView {
      if let input = item.step.inputs[0] { root[item.step.outputs[0]] = root[input] }
    }
    /// The buffer that holds the gradient of each root so far.
    var gradient = [Int?](repeating: nil, count: facts.count)
    var isKept: Set<Int> = []
    for (id, value) in wanted {
      let r = root[value]
      if hasGradient[value], gradient[r] == nil {
        let buffer = try addBuffer(facts[value].byteCount, n, end)
        gradient[r] = buffer
        isKept.insert(buffer)
        seeds.append((buffer, facts[value].byteCount))
      }
      guard let place = places[value] else { continue }
      kept[id] = (facts[value], place, gradient[r])
    }
    var position = steps.count
    for (index, item) in items.enumerated().reversed() where !item.isView {
      position -= 1
      guard let prepared = steps[position].backward else { continue }
      let time = 2 * n - index
      let outputs = item.step.outputs
      guard outputs.contains(where: { gradient[root[$0]] != nil }) else { continue }
      var step = steps[position]
      for value in outputs {
        if let buffer = gradient[root[value]] {
          buffers[buffer].last = max(buffers[buffer].last, time)
          step.outputGradients.append(buffer)
        } else {
          let buffer = try addBuffer(facts[value].byteCount, time, time)
          step.outputGradients.append(buffer)
          step.cleared.append((buffer, facts[value].byteCount))
        }
      }
      let bytes = facts[outputs[0]].byteCount
      if prepared.spoilsGradients, isKept.contains(step.outputGradients[0]) {
        let copy = try addBuffer(bytes, time, time)
        step.copied = (step.outputGradients[0], copy, bytes)
        step.outputGradients[0] = copy
      }
      let own = step.outputGradients[0]
      // The input whose gradient takes over that of the output.
      var heir: Int?
      if prepared.writes, !isKept.contains(own), outputs.count == 1 {
        heir = prepared.overwrites.first { input in
          guard let value = item.step.inputs[input], hasGradient[value],
            gradient[root[value]] == nil, facts[value].byteCount == bytes,
            item.step.inputs.count(where: { $0.map { root[$0] } == root[value] }) == 1,
            sources[value].map({ parameterIndex[$0] == nil }) ?? true
          else { return false }
          return true
        }
      }
      step.inputGradients = Array(repeating: nil, count: item.step.inputs.count)
      for (input, value) in item.step.inputs.enumerated() {
        guard let value, hasGradient[value] else { continue }
        if let id = sources[value], let index = parameterIndex[id] {
          step.inputGradients[input] = (.parameter(index), true)
          continue
        }
        let r = root[value]
        if let known = gradient[r] {
          step.inputGradients[input] = (.buffer(known), true)
          buffers[known].last = max(buffers[known].last, time)
          continue
        }
        let bytes = facts[value].byteCount
        let buffer = heir == input ? own : try addBuffer(bytes, time, time)
        gradient[r] = buffer
        if !prepared.writes { step.cleared.append((buffer, bytes)) }
        step.inputGradients[input] = (.buffer(buffer), !prepared.writes)
      }
      step.backwardScratch = try addBuffer(prepared.scratch.bytes(threads: threads), time, time)
      steps[position] = step
    }
  }
}
