import Kernels
import ModelFormat
import Operators
import Train

/// A network that is trained: its weights and biases, with the zeros that they have.
struct StudentNetwork {
  let network: TrainingNetwork
  private let parameters: [ValueID]
  private var optimizers: [Optimizer]
  private let masks: [WeightMask?]
  /// What a rate is multiplied with for each parameter: the root of its mean square.
  private let sizes: [Double]

  private static let rule = OptimizerRule.adamW(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0)

  /// The weights of `nodes` and what is added to their outputs.
  static func parameters(_ graph: Graph, _ nodes: [WeightedNode]) -> [ValueID] {
    var found: [ValueID] = []
    for node in nodes {
      let inputs = graph.nodes[node.position].inputs
      for case let id? in inputs[1..<min(3, inputs.count)]
      where graph[id].constant != nil && graph[id].type == .float32 && !found.contains(id) {
        found.append(id)
      }
    }
    return found
  }

  /// `graph` for batches, the weights of `nodes` trained.
  init(
    _ graph: Graph, _ nodes: [WeightedNode], batch: Int, keeps: [ValueID], threads: Int
  ) throws(TrainingError) {
    parameters = Self.parameters(graph, nodes)
    network = try TrainingNetwork(
      graph, batch: batch, parameters: parameters, threads: threads, keeps: keeps)
    var masks: [WeightMask?] = []
    var sizes: [Double] = []
    var counts: [Int] = []
    for id in parameters {
      let values = UnsafeBufferPointer(rebasing: network.values[network.range(of: id) ?? 0..<0])
      let isMatrix = TrainedParameter.shouldDecay(rank: graph[id].shape?.rank ?? 1)
      let mask = isMatrix ? WeightMask(nonzero: values) : nil
      masks.append(mask.flatMap { $0.zeros > 0 ? $0 : nil })
      let kept = max(1, values.count - (mask?.zeros ?? 0))
      let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
      sizes.append((squares / Double(kept)).squareRoot())
      counts.append(values.count)
    }
    // A bias that is all zeros moves as its network's smallest ones do.
    let least = sizes.filter { $0 > 0 }.min() ?? 1
    self.sizes = sizes.map { $0 > 0 ? $0 : least }
    self.masks = masks
    optimizers = counts.map { Optimizer(Self.rule, counts: [$0]) }
    for (id, mask) in zip(parameters, masks) {
      if let mask { network.setTransform(.mask(mask), of: id) }
    }
  }

  /// Goes on from the parameters of `graph`, with nothing remembered of earlier steps.
  mutating func restart(from graph: Graph) {
    for id in parameters {
      guard let range = network.range(of: id) else { continue }
      graph[id].constant?.withFloats { values in
        for (place, value) in zip(range, values) { network.values[place] = value }
      }
    }
    optimizers = optimizers.map { Optimizer(Self.rule, counts: $0.counts) }
  }

  func append(to writer: inout StateWriter) {
    writer.append(UnsafeBufferPointer(network.values))
    for optimizer in optimizers { writer.append(optimizer.state) }
  }

  /// Takes over what a student of the same network wrote, the last of a state; on an error it is as it was.
  mutating func restore(from reader: inout StateReader) throws(StateError) {
    let values = try reader.floats(network.values.count)
    var restored: [Optimizer] = []
    for optimizer in optimizers {
      let found = Optimizer(Self.rule, counts: optimizer.counts)
      try found.restore(try reader.block())
      restored.append(found)
    }
    try reader.end()
    _ = network.values.update(fromContentsOf: values)
    optimizers = restored
  }

  /// Moves the parameters against their gradients, each by about `rate` of its size at most.
  ///
  /// Gradients that are no numbers change nothing.
  func step(rate: Double) {
    let trained = parameters.map { id in
      let range = network.range(of: id) ?? 0..<0
      return TrainedParameter(
        values: UnsafeMutableBufferPointer(rebasing: network.values[range]),
        gradient: UnsafeMutableBufferPointer(rebasing: network.gradients[range]), decays: false)
    }
    guard GradientNorm(trained, pool: network.pool).isFinite else { return }
    for (index, parameter) in trained.enumerated() {
      optimizers[index].step(
        [parameter], masks: [masks[index]], rate: rate * sizes[index], pool: network.pool)
    }
  }
}
