import Interpreter
import Kernels
import ModelFormat
import Operators

/// Runs a float network on samples and observes what flows along its edges.
///
/// Memory does not grow with the number of samples: each activation has one histogram.
struct Calibrator {
  /// What was seen of each value of the graph; nil for values that are no float activations.
  private(set) var observers: [RangeObserver?]
  private(set) var sampleCount = 0
  private let inputs: [ValueID]
  /// The shapes in which layers read the values that they multiply with weights.
  private let readers: [ValueID: Shape]
  /// For each value the one under whose name a step writes it.
  private var origins: [ValueID: ValueID] = [:]
  private var sums: [ValueID: InputMeans] = [:]

  init(_ graph: Graph) {
    observers = graph.values.map { value in
      value.type == .float32 && value.constant == nil ? RangeObserver() : nil
    }
    inputs = graph.inputs
    var readers: [ValueID: Shape] = [:]
    for layer in graph.weightedNodes(.none) {
      guard let input = graph.nodes[layer.position].inputs[0] else { continue }
      readers[input] = graph[input].shape
    }
    self.readers = readers
  }

  /// The mean of what layers read, by the value that they read: of each channel, or of each element of a row.
  var means: [ValueID: [Float]] {
    var means: [ValueID: [Float]] = [:]
    for reader in readers.keys {
      if let sum = sums[origins[reader] ?? reader] { means[reader] = sum.means }
    }
    return means
  }

  /// Runs `interpreter` on the inputs that are loaded, observing every step.
  mutating func run(_ interpreter: Interpreter) throws(ConvertError) {
    if sampleCount == 0 { prepare(interpreter) }
    for (position, id) in inputs.enumerated() where interpreter.inputs[position].type == .float32 {
      observe(id, UnsafeRawBufferPointer(interpreter.input(position)))
    }
    try interpreter.compute { step in
      for (output, written) in interpreter.steps[step].outputs.enumerated() {
        guard let id = written.id, written.facts.type == .float32,
          interpreter.steps[step].nodeIndex != nil
        else { continue }
        observe(id, interpreter.stepOutput(step, output))
      }
    }
    for view in interpreter.views { observers[view.to.index] = observers[view.from.index] }
    sampleCount += 1
  }

  /// Decides of which values means are taken, and how their elements lie.
  private mutating func prepare(_ interpreter: Interpreter) {
    for view in interpreter.views { origins[view.to] = origins[view.from] ?? view.from }
    var facts: [ValueID: ValueFacts] = [:]
    for (position, id) in inputs.enumerated() {
      let port = interpreter.inputs[position]
      facts[id] = ValueFacts(type: port.type, shape: port.shape)
    }
    for step in interpreter.steps where step.nodeIndex != nil {
      for written in step.outputs { if let id = written.id { facts[id] = written.facts } }
    }
    for (reader, shape) in readers {
      let origin = origins[reader] ?? reader
      guard let known = facts[origin], known.type == .float32 else { continue }
      sums[origin] = InputMeans(known, as: shape)
    }
  }

  private mutating func observe(_ id: ValueID, _ bytes: UnsafeRawBufferPointer) {
    let elements = bytes.bindMemory(to: Float.self)
    guard let base = elements.baseAddress, observers[id.index] != nil else { return }
    let extremes = VectorKernels.best.minMax(base, count: elements.count)
    observers[id.index]?.observe(elements, extremes: extremes)
    sums[id]?.add(elements)
  }
}
