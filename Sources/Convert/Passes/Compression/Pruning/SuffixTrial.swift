import Interpreter
import ModelFormat

/// Measures networks that differ from the dense one from some layer on: what lies before it runs once for all of
/// them.
struct SuffixTrial {
  /// Samples that networks run on.
  let count: Int
  private let trial: Trial
  private let dense: Graph
  private var walk: LayerWalk
  private var start: Start?

  /// What is alive before a node, for each sample.
  private struct Start {
    let position: Int
    let values: [ValueID]
    let states: [[Bytes]]
  }

  /// Bytes of what is alive that are kept; beyond, networks run as a whole.
  private static let limit = 256 << 20

  /// Trials of networks with the nodes of `dense`, on up to `most` samples of `trial`.
  init(_ trial: Trial, most: Int, dense: Graph, options: ConversionOptions) {
    self.trial = trial
    self.dense = dense
    count = min(most, trial.count)
    let limit = options.maximumMemory.map { min(Self.limit, $0 / 8) } ?? Self.limit
    walk = LayerWalk(
      dense, inputs: Array(trial.inputs.prefix(count)), limit: limit, options: options)
  }

  /// Lets the networks to come differ in the weights of `layer` alone; one layer after the other, in the order of
  /// nodes.
  mutating func begin(at layer: WeightedNode) throws(ConvertError) {
    start = nil
    let position = layer.position
    guard dense.nodes.firstIndex(where: { $0.inputs.contains(layer.weights) }) == position else {
      return
    }
    let values = LayerWalk.live(dense, before: position)
    let bytes = values.reduce(0) { $0 + (dense[$1].shape?.count ?? 0) * dense[$1].type.size }
    var made = Set(dense.inputs)
    for node in dense.nodes[..<position] { made.formUnion(node.outputs.compactMap { $0 }) }
    guard bytes <= walk.limit / max(1, count), made.isDisjoint(with: dense.outputs),
      values.allSatisfy({ dense[$0].shape != nil })
    else { return }
    var states: [[Bytes]] = []
    try walk.visit(values, at: position, dense: dense, compressed: dense, isChanged: false) {
      _, state, _ in states.append(state)
    }
    start = Start(position: position, values: values, states: states)
  }

  /// The error of `graph`, which differs from the dense network where `begin` said.
  func error(of graph: Graph) throws(ConvertError) -> OutputError {
    guard let start else { return try trial.error(of: graph, limit: count) }
    var suffix = graph
    suffix.inputs = start.values
    suffix.nodes = Array(graph.nodes[start.position...])
    return try trial.error(of: suffix, limit: count) { start.states[$0] }
  }
}
