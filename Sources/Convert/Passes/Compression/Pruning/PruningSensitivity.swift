import ModelFormat

/// Measures what zeros in each layer alone do to the outputs of a network.
struct PruningSensitivity {
  let options: ConversionOptions
  let pattern: ConversionOptions.Pruning
  /// Samples that layers are not fitted on, and what the network makes of them.
  let trial: Trial
  let progress: (Converter.Progress) -> Void

  /// Parts of zeros to measure at.
  private var levels: [Double] {
    if case .pattern = pattern { return [1] }
    return options.effort == .fast ? [0.4, 0.7, 0.9] : [0.3, 0.5, 0.65, 0.8, 0.92]
  }

  /// The curve of each of `nodes`, layers of `dense`; those that the pattern does not fit are left out.
  func measure(
    _ dense: Graph, _ nodes: [WeightedNode], _ samples: inout SampleSet
  ) throws(ConvertError) -> [PruningAllocation.Layer] {
    var problems = try LayerProblems(
      dense, &samples, most: min(400, SampledPruning.samples(options)), options: options)
    var layers: [PruningAllocation.Layer] = []
    for (done, node) in nodes.enumerated() {
      progress(Converter.Progress(stage: "measure layers", done: done, total: nodes.count))
      guard let tensor = dense[node.weights].constant,
        let problem = try problems.problem(of: node, in: dense, isChanged: false),
        let pruning = PruningProblem(problem, problems.product)
      else { continue }
      var curve: [(fraction: Double, loss: Double)] = []
      for level in levels {
        guard let layer = pruning.solve(.init(pattern: pattern, fraction: level), current: tensor)
        else { break }
        var graph = dense
        graph[node.weights].constant = layer.tensor
        var names = FreshNames(graph)
        graph.shiftBias(at: node.position, by: layer.shifts, &names)
        let loss = try trial.error(of: graph).loss
        curve.append((level, max(loss, curve.last?.loss ?? 0)))
      }
      guard curve.count == levels.count else { continue }
      layers.append(.init(name: node.name, weights: tensor.shape.count, curve: curve))
    }
    return layers
  }
}
