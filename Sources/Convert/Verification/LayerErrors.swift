import Interpreter
import ModelFormat

/// How much of the error in the outputs each layer brings in: who is to blame.
///
/// Both networks run on the same inputs. Where both compute a value of the same name, its relative
/// error is compared with that of what was read: the growth is the layer's own.
public struct LayerErrors: Sendable {
  /// One layer's part.
  public struct Layer: Sendable, Hashable {
    /// The node's name.
    public let node: String
    /// The relative error of its output: the norm of the difference over the norm of the original.
    public let error: Double
    /// How much larger that is than the error of its inputs.
    public let growth: Double
  }

  private var errors: [String: (sum: Double, count: Int)] = [:]
  private let graph: Graph

  init(_ graph: Graph) { self.graph = graph }

  /// Compares one run of both networks; the inputs of `original` are loaded.
  mutating func compare(
    _ original: Interpreter, _ compressed: Interpreter, _ artifact: Graph
  ) throws(ConvertError) {
    compressed.copyInputs(of: original)
    var reference: [String: [Float]] = [:]
    try original.compute { step in
      for (output, written) in original.steps[step].outputs.enumerated() {
        guard let id = written.id, original.steps[step].nodeIndex != nil else { continue }
        reference[graph[id].name] = original.stepFloats(step, output)
      }
    }
    try compressed.compute { step in
      for (output, written) in compressed.steps[step].outputs.enumerated() {
        guard let id = written.id, compressed.steps[step].nodeIndex != nil,
          let expected = reference[artifact[id].name]
        else { continue }
        let found = compressed.stepFloats(step, output)
        guard found.count == expected.count else { continue }
        var (difference, energy) = (0.0, 0.0)
        for (a, b) in zip(expected, found) {
          difference += Double(a - b) * Double(a - b)
          energy += Double(a) * Double(a)
        }
        let error = energy > 0 ? (difference / energy).squareRoot() : difference > 0 ? 1 : 0
        let known = errors[artifact[id].name, default: (0, 0)]
        errors[artifact[id].name] = (known.sum + (error.isFinite ? error : 1), known.count + 1)
      }
    }
  }

  /// The layers with weights, the largest growth first.
  func ranked() -> [Layer] {
    func error(_ id: ValueID) -> Double? {
      errors[graph[id].name].map { $0.sum / Double($0.count) }
    }
    let layers = graph.nodes.compactMap { node -> Layer? in
      guard node.inputs.count > 1, let weights = node.inputs[1], graph[weights].constant != nil,
        let output = node.outputs[0], let own = error(output)
      else { return nil }
      let inherited = node.inputs.compactMap { $0.flatMap(error) }.max() ?? 0
      return Layer(node: node.name, error: own, growth: own - inherited)
    }
    return layers.sorted { ($1.growth, $0.node) < ($0.growth, $1.node) }
  }
}
