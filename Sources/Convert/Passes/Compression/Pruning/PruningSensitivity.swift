import Interpreter
import ModelFormat
import Train

/// Measures what zeros in each layer alone do to the outputs of a network.
struct PruningSensitivity {
  let options: ConversionOptions
  let pattern: ConversionOptions.Pruning
  /// Samples that layers are not fitted on, and what the network makes of them.
  let trial: Trial
  let progress: (Converter.Progress) -> Void
  var checkpoint: StageCheckpoint?

  /// Parts of zeros to measure at.
  private var levels: [Double] {
    if case .pattern = pattern { return [1] }
    return options.effort == .fast ? [0.4, 0.7, 0.9] : [0.3, 0.5, 0.65, 0.8, 0.92]
  }

  /// Multiply-accumulates that measuring may take, about two minutes of two cores, and the fewest samples.
  private static let budget = 12_000_000_000_000, fewest = 8

  /// Multiply-accumulates that running the samples which layers are fitted on may take.
  private static let runs = 5e12

  /// Samples to measure with: a layer's zeros cost half a run of the network for each, on average.
  func samples(_ dense: Graph, layers: Int) -> Int {
    let cost = Double(GraphTotals(dense).macs) / 2 * Double(max(1, layers * levels.count))
    return min(trial.count, max(Self.fewest, Int(Double(Self.budget) / max(cost, 1e9))))
  }

  /// The curve of each of `nodes`, layers of `dense`; those that the pattern does not fit are left out.
  func measure(
    _ dense: Graph, _ nodes: [WeightedNode], _ fit: inout SampleSet
  ) throws(ConvertError) -> [PruningAllocation.Layer] {
    var losses = checkpoint?.restoreAll(nodes.count, restore) ?? []
    if losses.count < nodes.count {
      var problems = try LayerProblems(
        dense, &fit, most: min(400, SampledPruning.samples(options)),
        budget: .init(layers: nodes, macs: Self.runs), options: options)
      for node in nodes[..<losses.count] {
        progress(Converter.Progress(stage: "go on", done: 0, total: 0))
        try problems.pass(node, in: dense, isChanged: false)
      }
      var suffixes = SuffixTrial(
        trial, most: samples(dense, layers: nodes.count), dense: dense, options: options)
      for (done, node) in nodes.enumerated().dropFirst(losses.count) {
        progress(Converter.Progress(stage: "measure layers", done: done, total: nodes.count))
        try suffixes.begin(at: node)
        let found = try measure(node, of: dense, &problems, suffixes)
        losses.append(found)
        checkpoint?.keep(done) { $0.append(found) }
        checkpoint?.save(done: done + 1, of: nodes.count)
      }
    }
    var layers: [PruningAllocation.Layer] = []
    for (node, losses) in zip(nodes, losses) where losses.count == levels.count {
      guard let tensor = dense[node.weights].constant else { continue }
      layers.append(
        .init(
          name: node.name, weights: tensor.shape.count,
          curve: zip(levels, losses).map { (fraction: $0, loss: $1) }))
    }
    return layers
  }

  /// The loss at each level, never falling; fewer where the pattern does not fit or nothing can be solved.
  private func measure(
    _ node: WeightedNode, of dense: Graph, _ problems: inout LayerProblems,
    _ suffixes: SuffixTrial
  ) throws(ConvertError) -> [Double] {
    guard let tensor = dense[node.weights].constant,
      let problem = try problems.problem(of: node, in: dense, isChanged: false),
      let pruning = PruningProblem(problem, problems.product)
    else { return [] }
    var losses: [Double] = []
    for level in levels {
      guard let layer = pruning.solve(.init(pattern: pattern, fraction: level), current: tensor)
      else { break }
      var graph = dense
      graph[node.weights].constant = layer.tensor
      var names = FreshNames(graph)
      graph.shiftBias(at: node.position, by: layer.shifts, &names)
      losses.append(max(try suffixes.error(of: graph).loss, losses.last ?? 0))
    }
    return losses
  }

  /// The losses of a layer that a checkpoint has.
  private func restore(_ part: Int, _ reader: inout StateReader) throws(StateError) -> [Double] {
    let losses = try reader.doubles()
    guard losses.count <= levels.count, !losses.contains(where: { $0 < 0 }) else { throw .damaged }
    return losses
  }
}
