import Interpreter
import ModelFormat
import Operators

/// The magnitude of each channel of some activations, from a few samples.
struct ChannelProfile {
  private let graph: Graph
  private let wanted: [ValueID]
  private var sums: [ValueID: InputMeans] = [:]
  private var origins: [ValueID: ValueID] = [:]
  private var isPrepared = false

  /// A profile of the values `wanted` of `graph`.
  init(_ graph: Graph, _ wanted: [ValueID]) {
    self.graph = graph
    self.wanted = wanted
  }

  /// Runs `interpreter`, which has planned the graph, on the inputs that are loaded.
  mutating func run(_ interpreter: Interpreter) throws(ConvertError) {
    if !isPrepared { prepare(interpreter) }
    try interpreter.compute { step in
      for (output, written) in interpreter.steps[step].outputs.enumerated() {
        guard let id = written.id, interpreter.steps[step].nodeIndex != nil else { continue }
        sums[id]?.add(interpreter.stepOutput(step, output).bindMemory(to: Float.self))
      }
    }
  }

  private mutating func prepare(_ interpreter: Interpreter) {
    isPrepared = true
    for view in interpreter.views { origins[view.to] = origins[view.from] ?? view.from }
    let values = Set(wanted.map { origins[$0] ?? $0 })
    for step in interpreter.steps where step.nodeIndex != nil {
      for written in step.outputs {
        guard let id = written.id, values.contains(id), written.facts.type == .float32 else {
          continue
        }
        sums[id] = InputMeans(written.facts, as: written.facts.shape, squares: true)
      }
    }
  }

  /// The root mean square of each channel of the values that were wanted.
  var magnitudes: [ValueID: [Float]] { collect(\.rootMeanSquares) }

  /// The largest magnitude in each channel of the values that were wanted.
  var largest: [ValueID: [Float]] { collect(\.largest) }

  private func collect(_ part: (InputMeans) -> [Float]) -> [ValueID: [Float]] {
    var found: [ValueID: [Float]] = [:]
    for id in wanted { found[id] = sums[origins[id] ?? id].map(part) }
    return found
  }
}
