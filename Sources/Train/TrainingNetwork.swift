import Interpreter
public import Kernels
public import ModelFormat
public import Operators

/// A network at a fixed batch size whose parameters can be trained: forward, backward, gradients.
///
/// One step: fill the inputs, `forward`, read outputs, `gradient(of:)` of outputs (or of kept values) gets
/// the derivative of the loss, `backward`. Gradients of parameters add up until `clearGradients`, so that
/// a large batch can be taken in several. Whoever changes `values` has trained the network.
///
/// Results do not depend on the number of threads. One network is for one thread at a time.
public final class TrainingNetwork {
  /// Samples in a batch.
  public let batch: Int
  /// The threads that it uses.
  public let pool: ThreadPool
  /// Bytes of activations and gradients of one batch.
  public let arenaBytes: Int
  /// What is trained, in the order of `values`.
  public let parameters: [ValueID]
  /// The parameters, one behind the other, each row-major and at a multiple of 16, with zeros between.
  public let values: UnsafeMutableBufferPointer<Float>
  /// Their gradients, likewise.
  public let gradients: UnsafeMutableBufferPointer<Float>
  /// The steps of one pass, for profiles.
  public let stepNames: [(name: String, op: String)]

  let original: Graph
  let plan: TrainingPlan
  private let memory: [AlignedBuffer]
  private let arena: AlignedBuffer
  private let offsets: [Int]
  private let constants: [AlignedBuffer]
  private let ranges: [ValueID: Range<Int>]
  private let effective: UnsafeMutableBufferPointer<Float>
  private var transforms: [ValueID: ParameterTransform] = [:]
  private var calls: [Call] = []
  private let addresses: StepAddresses

  private struct Call {
    let forward: StepMemory
    let backward: StepMemory?
  }

  /// Plans `graph` for batches of `batch` samples.
  ///
  /// - Parameters:
  ///   - graph: a float32 network whose shapes are known.
  ///   - batch: what the first dimension of every input becomes.
  ///   - parameters: constants that are trained.
  ///   - threads: how many threads work, the caller's among them.
  ///   - keeps: values that can be read after `forward`, and whose gradients can be given, besides outputs.
  ///   - reads: values whose gradients are wanted although no parameter lies behind them.
  ///   - transforms: what activations pass through behind the nodes that make them.
  /// - Throws: `TrainingError` that names the node that cannot be trained.
  public convenience init(
    _ graph: Graph, batch: Int, parameters: [ValueID], threads: Int = 1, keeps: [ValueID] = [],
    reads: [ValueID] = [], transforms: [ValueID: ActivationTransform] = [:]
  ) throws(TrainingError) {
    try self.init(
      Settings(
        graph: graph, batch: batch, parameters: parameters, threads: threads, keeps: keeps,
        reads: reads, transforms: transforms))
  }

  private struct Settings {
    let graph: Graph
    let batch: Int
    let parameters: [ValueID]
    let threads: Int
    let keeps: [ValueID]
    let reads: [ValueID]
    let transforms: [ValueID: ActivationTransform]

    func plan() throws(TrainingError) -> TrainingPlan {
      var known: Set<ValueID> = []
      for id in parameters {
        let value = graph[id]
        guard value.constant != nil, value.type == .float32 else {
          throw .parameter(value: value.name, problem: "is no float32 constant of the graph")
        }
        guard known.insert(id).inserted else {
          throw .parameter(value: value.name, problem: "is named twice")
        }
      }
      for node in graph.nodes {
        let isQuantized = (node.inputs + node.outputs).contains { id in
          id.map { graph[$0].quantization != nil } ?? false
        }
        guard !isQuantized, node.attributes["quantization"] == nil else {
          throw .derivative(
            node: node.name, op: node.op,
            .unsupported("a quantized layer; networks are trained before they are quantized"))
        }
      }
      var batched = try graph.withOwnStatistics().withBatch(max(1, batch))
      batched.joinActivations(keeping: Set(keeps + reads + transforms.keys))
      return try TrainingPlan(
        batched, parameters: parameters, keeps: keeps, gradients: reads, transforms: transforms,
        threads: threads)
    }
  }

  /// The bytes that a batch of `batch` samples takes, parameters apart: what `arenaBytes` would be.
  public static func bytes(
    _ graph: Graph, batch: Int, parameters: [ValueID], threads: Int = 1, keeps: [ValueID] = [],
    reads: [ValueID] = [], transforms: [ValueID: ActivationTransform] = [:]
  ) throws(TrainingError) -> Int {
    let settings = Settings(
      graph: graph, batch: batch, parameters: parameters, threads: threads, keeps: keeps,
      reads: reads, transforms: transforms)
    return MemoryPlan(try settings.plan().buffers, threads: threads).arenaSize
  }

  private init(_ settings: Settings) throws(TrainingError) {
    let graph = settings.graph.withOwnStatistics()
    original = graph
    batch = max(1, settings.batch)
    pool = ThreadPool(threads: settings.threads)
    parameters = settings.parameters
    let plan = try settings.plan()
    self.plan = plan
    let layout = MemoryPlan(plan.buffers, threads: pool.threads)
    offsets = layout.offsets
    arenaBytes = layout.arenaSize
    guard let arena = AlignedBuffer(ifAvailable: layout.arenaSize) else {
      throw .memory(bytes: layout.arenaSize)
    }
    self.arena = arena
    var ranges: [ValueID: Range<Int>] = [:]
    var count = 0
    for id in parameters {
      let size = graph[id].constant?.shape.count ?? 0
      ranges[id] = count..<count + size
      count = (count + size + 15) & ~15
    }
    self.ranges = ranges
    var memory: [AlignedBuffer] = []
    for _ in 0..<3 {
      guard let buffer = AlignedBuffer(ifAvailable: count * 4) else {
        throw .memory(bytes: count * 4)
      }
      memory.append(buffer)
    }
    self.memory = memory
    func floats(_ buffer: AlignedBuffer) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(
        start: buffer.pointer.assumingMemoryBound(to: Float.self), count: count)
    }
    values = floats(memory[0])
    gradients = floats(memory[1])
    effective = floats(memory[2])
    for id in parameters {
      guard let range = ranges[id], let constant = graph[id].constant else { continue }
      constant.withFloats { source in
        for (to, value) in zip(range, source) {
          memory[0].pointer.storeBytes(of: value, toByteOffset: to * 4, as: Float.self)
        }
      }
    }
    constants = plan.constants.map { facts, _ in
      guard let tensor = facts.constant else { return AlignedBuffer(facts.byteCount) }
      return AlignedBuffer(
        tensor.type == facts.type ? tensor.dense : Bytes(elements: tensor.floats()), facts)
    }
    stepNames = plan.steps.map { ($0.name, $0.op) }
    addresses = StepAddresses()
    calls = plan.steps.map { call($0) }
  }

  private func address(_ place: TrainingPlan.Place?) -> UnsafeMutableRawPointer {
    switch place {
    case .buffer(let index): arena.pointer + offsets[index]
    case .constant(let index): constants[index].pointer
    case .parameter(let index): memory[2].pointer + (ranges[parameters[index]]?.lowerBound ?? 0) * 4
    case nil: arena.pointer
    }
  }

  private func call(_ step: TrainingPlan.Step) -> Call {
    let inputs = addresses.keep(step.inputs.map(address))
    let outputs = addresses.keep(step.outputs.map(address))
    let saved = addresses.keep(step.saved.map { address(.buffer($0)) })
    let none: [GradientPlace?] = []
    func memory(
      _ scratch: Int, _ gradients: [UnsafeMutableRawPointer], _ places: [GradientPlace?],
      _ mode: TrainingMode
    ) -> StepMemory {
      StepMemory(
        operands: Operands(
          inputs: inputs, outputs: outputs, scratch: address(.buffer(scratch)), pool: pool),
        mode: mode, saved: saved, outputGradients: addresses.keep(gradients),
        inputGradients: addresses.keep(places))
    }
    let forward = memory(step.scratch, [], none, .train)
    guard step.backward != nil, !step.outputGradients.isEmpty else {
      return Call(forward: forward, backward: nil)
    }
    let places = step.inputGradients.map { entry in
      entry.map { place, adds in
        var pointer = address(place)
        if case .parameter = place {
          pointer = self.memory[1].pointer + (pointer - self.memory[2].pointer)
        }
        return GradientPlace(pointer: pointer.assumingMemoryBound(to: Float.self), adds: adds)
      }
    }
    return Call(
      forward: forward,
      backward: memory(
        step.backwardScratch, step.outputGradients.map { address(.buffer($0)) }, places, .train))
  }

  // MARK: Parameters

  /// Where parameter `id` lies in `values` and `gradients`.
  public func range(of id: ValueID) -> Range<Int>? { ranges[id] }

  /// Passes parameter `id` through `transform` before each forward pass from now on; nil for none.
  public func setTransform(_ transform: ParameterTransform?, of id: ValueID) {
    precondition(ranges[id] != nil, "only parameters are transformed")
    transforms[id] = transform
  }

  /// The running statistics of all BatchNormalizations, one behind the other: what `.train` moves.
  ///
  /// Setting them takes as many as there are.
  public var statistics: [Float] {
    get {
      plan.constants.indices.filter { isStatistic($0) }.flatMap { index in
        UnsafeBufferPointer(
          start: constants[index].pointer.assumingMemoryBound(to: Float.self),
          count: plan.constants[index].facts.count)
      }
    }
    set {
      var next = 0
      for index in plan.constants.indices where isStatistic(index) {
        let to = constants[index].pointer.assumingMemoryBound(to: Float.self)
        for i in 0..<plan.constants[index].facts.count {
          to[i] = newValue[next]
          next += 1
        }
      }
      precondition(next == newValue.count, "as many statistics as there are")
    }
  }

  private func isStatistic(_ constant: Int) -> Bool {
    plan.constants[constant].id.map { plan.updated.contains($0) } ?? false
  }

  /// The constants of `graph()` that training changes: parameters, and running statistics.
  public var changed: [ValueID] {
    parameters + plan.constants.compactMap { $0.id }.filter { plan.updated.contains($0) }
  }

  /// Sets all gradients of parameters to zero.
  public func clearGradients() { gradients.update(repeating: 0) }

  /// Computes what the network uses from `values`; `forward` calls it.
  private func applyTransforms() {
    for id in parameters {
      guard let range = ranges[id] else { continue }
      let from = UnsafeBufferPointer(rebasing: values[range])
      let to = UnsafeMutableBufferPointer(rebasing: effective[range])
      if let transform = transforms[id], let shape = original[id].constant?.shape {
        transform.apply(from, to, shape, pool)
      } else {
        _ = to.update(fromContentsOf: from)
      }
    }
  }

  /// The network at its own batch size, with parameters as they are now, after their transforms, and with
  /// its running statistics.
  public func graph() -> Graph {
    applyTransforms()
    var graph = original
    for id in parameters {
      guard let range = ranges[id], let shape = graph[id].constant?.shape else { continue }
      graph[id].constant = Tensor([Float](effective[range]), shape: shape)
    }
    for (index, entry) in plan.constants.enumerated() {
      guard let id = entry.id, plan.updated.contains(id), let shape = graph[id].constant?.shape
      else { continue }
      let elements = UnsafeBufferPointer(
        start: constants[index].pointer.assumingMemoryBound(to: Float.self), count: shape.count)
      graph[id].constant = Tensor([Float](elements), shape: shape)
    }
    return graph
  }

  // MARK: Steps

  /// Computes all values from the inputs.
  public func forward(_ mode: TrainingMode = .train) {
    forward(mode) { _, _ in }
  }

  /// The same; calls `observe` with the position of each step and the phase once it is done.
  public func forward(_ mode: TrainingMode, observing observe: (Int, _ isBackward: Bool) -> Void) {
    applyTransforms()
    self.mode = mode
    for (index, step) in plan.steps.enumerated() {
      switch step.forward {
      case .execution(let execution): execution.run(calls[index].forward.operands)
      case .own(let run): run(calls[index].forward.with(mode))
      }
      observe(index, false)
    }
    for seed in plan.seeds {
      address(.buffer(seed.buffer)).initializeMemory(
        as: UInt8.self, repeating: 0, count: seed.bytes)
    }
  }

  private var mode = TrainingMode.train

  /// Adds to the gradients of parameters, from those that outputs and kept values were given since
  /// `forward`.
  public func backward() { backward { _, _ in } }

  /// The same; calls `observe` with the position of each step once it is done.
  public func backward(observing observe: (Int, _ isBackward: Bool) -> Void) {
    for (index, step) in plan.steps.enumerated().reversed() {
      guard let backward = step.backward, let memory = calls[index].backward else { continue }
      if let copied = step.copied {
        address(.buffer(copied.to)).copyMemory(
          from: address(.buffer(copied.from)), byteCount: copied.bytes)
      }
      for (buffer, bytes) in step.cleared {
        address(.buffer(buffer)).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      }
      backward.backward(memory.with(mode))
      observe(index, true)
    }
    for id in parameters {
      guard let change = transforms[id]?.changeGradient, let range = ranges[id],
        let shape = original[id].constant?.shape
      else { continue }
      change(
        UnsafeBufferPointer(rebasing: values[range]),
        UnsafeMutableBufferPointer(rebasing: gradients[range]), shape, pool)
    }
  }

  // MARK: Activations

  /// The type, shape and layout of an input, an output or a kept value.
  public func facts(of id: ValueID) throws(TrainingError) -> ValueFacts {
    try kept(id).facts
  }

  /// The elements of an input, an output or a kept value, in the layout of `facts(of:)`.
  ///
  /// Inputs are filled here, and stay until `backward`.
  public func activation(_ id: ValueID) throws(TrainingError) -> UnsafeMutableBufferPointer<Float> {
    let entry = try kept(id)
    return UnsafeMutableBufferPointer(
      start: address(entry.place).assumingMemoryBound(to: Float.self), count: entry.facts.count)
  }

  /// The gradient of an output or a kept value, in the layout of `facts(of:)`: zero after `forward`, to be
  /// added to before `backward`; nil where no parameter lies behind.
  public func gradient(
    of id: ValueID
  ) throws(TrainingError) -> UnsafeMutableBufferPointer<Float>? {
    let entry = try kept(id)
    guard let gradient = entry.gradient else { return nil }
    return UnsafeMutableBufferPointer(
      start: address(.buffer(gradient)).assumingMemoryBound(to: Float.self),
      count: entry.facts.count)
  }

  /// The elements of an output or a kept value in row-major order.
  public func rowMajor(_ id: ValueID) throws(TrainingError) -> [Float] {
    let facts = try facts(of: id)
    let floats = try activation(id)
    return Self.rowMajor(floats, facts)
  }

  /// The gradient of an output or a kept value in row-major order.
  public func rowMajorGradient(of id: ValueID) throws(TrainingError) -> [Float]? {
    guard let floats = try gradient(of: id) else { return nil }
    return Self.rowMajor(floats, try facts(of: id))
  }

  private static func rowMajor(
    _ floats: UnsafeMutableBufferPointer<Float>, _ facts: ValueFacts
  ) -> [Float] {
    guard facts.layout == .channelsLast, facts.shape.rank == 4 else { return [Float](floats) }
    let (channels, pixels) = (facts.shape[1], facts.shape[2] * facts.shape[3])
    return (0..<facts.count).map { index in
      let image = index / (channels * pixels)
      let (channel, pixel) = (index / pixels % channels, index % pixels)
      return floats[(image * pixels + pixel) * channels + channel]
    }
  }

  private func kept(
    _ id: ValueID
  ) throws(TrainingError) -> (facts: ValueFacts, place: TrainingPlan.Place, gradient: Int?) {
    guard let entry = plan.kept[id] else { throw .notKept(value: original[id].name) }
    return entry
  }
}

/// Lists of addresses that live as long as their network.
private final class StepAddresses {
  private var blocks: [UnsafeMutableRawPointer] = []

  func keep<T>(_ elements: [T]) -> UnsafePointer<T> {
    let block = UnsafeMutablePointer<T>.allocate(capacity: elements.count + 1)
    for (index, element) in elements.enumerated() { (block + index).initialize(to: element) }
    blocks.append(UnsafeMutableRawPointer(block))
    return UnsafePointer(block)
  }

  deinit { for block in blocks { block.deallocate() } }
}

extension StepMemory {
  /// The same in another mode.
  func with(_ mode: TrainingMode) -> StepMemory {
    StepMemory(
      operands: operands, mode: mode, saved: saved, outputGradients: outputGradients,
      inputGradients: inputGradients)
  }
}
