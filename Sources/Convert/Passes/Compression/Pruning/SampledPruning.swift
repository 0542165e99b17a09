import ModelFormat

/// Prunes layer by layer so that outputs stay what they were, on samples without labels.
///
/// Each layer sees what the layers before it, pruned already, compute, and is fitted to what the dense network
/// puts out: mask and values together (`SparseFit`), then the bias takes what the mean has moved. Layers
/// that keep all their weights are fitted as well.
struct SampledPruning {
  let options: ConversionOptions
  let progress: (Converter.Progress) -> Void
  /// Which layers get zeros, by the names of their nodes.
  let zeros: [String: PrunedLayer.Zeros]

  /// What was done.
  struct Effect {
    /// Layers that were fitted.
    var layers = 0
    var samples = 0
    /// Layers that could not be fitted, pruned by magnitude.
    var byMagnitude: [String] = []
  }

  /// Prunes `graph`, whose layers were fused and compute in float.
  func apply(
    _ graph: inout Graph, _ nodes: [WeightedNode], _ samples: inout SampleSet
  ) throws(ConvertError) -> Effect {
    var effect = Effect()
    let index = GraphIndex(graph)
    var problems = try LayerProblems(
      graph, &samples, most: Self.samples(options), places: 32_768, options: options)
    effect.samples = problems.sampleCount
    var names = FreshNames(graph)
    var isChanged = false
    for (done, node) in nodes.enumerated() {
      progress(Converter.Progress(stage: "prune", done: done, total: nodes.count))
      let wanted = zeros[node.name]
      guard wanted != nil || isChanged, let tensor = graph[node.weights].constant else { continue }
      if index.consumers[node.weights.index].count == 1, !index.isOutput[node.weights.index],
        let problem = try problems.problem(of: node, in: graph, isChanged: isChanged),
        let layer = PruningProblem(problem, problems.product)?.solve(wanted, current: tensor)
      {
        graph[node.weights].constant = layer.tensor
        graph.shiftBias(at: node.position, by: layer.shifts, &names)
        effect.layers += 1
        isChanged = true
      } else if let wanted {
        var pattern = wanted.pattern
        if case .unstructured = pattern { pattern = .unstructured(wanted.fraction) }
        if case .block = pattern { pattern = .block(wanted.fraction) }
        _ = Prune(specification: pattern, scope: .layer).apply(&graph, [node])
        effect.byMagnitude.append(node.name)
        isChanged = true
      }
    }
    return effect
  }

  /// The samples that layers are fitted on.
  static func samples(_ options: ConversionOptions) -> Int {
    options.effort == .fast ? 256 : 2_048
  }
}
