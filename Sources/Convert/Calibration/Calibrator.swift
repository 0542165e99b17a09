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

  init(_ graph: Graph) {
    observers = graph.values.map { value in
      value.type == .float32 && value.constant == nil ? RangeObserver() : nil
    }
    inputs = graph.inputs
  }

  /// Runs `interpreter` on the inputs that are loaded, observing every step.
  mutating func run(_ interpreter: Interpreter) throws(ConvertError) {
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

  private mutating func observe(_ id: ValueID, _ bytes: UnsafeRawBufferPointer) {
    let elements = bytes.bindMemory(to: Float.self)
    guard let base = elements.baseAddress, observers[id.index] != nil else { return }
    let extremes = VectorKernels.best.minMax(base, count: elements.count)
    observers[id.index]?.observe(elements, extremes: extremes)
  }
}
