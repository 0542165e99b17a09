import ModelFormat
import Train

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
  var checkpoint: StageCheckpoint?

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
    var names = FreshNames(graph)
    let known = checkpoint?.restoreAll(nodes.count) { (part, reader) throws(StateError) in
      try Step(from: &reader, graph[nodes[part].weights].constant?.shape ?? [])
    }
    let steps = known ?? []
    effect.samples = steps.last?.samples ?? 0
    // With all layers known there is nothing to run.
    var problems: LayerProblems?
    if steps.count < nodes.count {
      let found = try LayerProblems(
        graph, &samples, most: Self.samples(options), places: 32_768,
        budget: .init(layers: nodes, macs: Self.budget(options)), options: options)
      effect.samples = found.sampleCount
      problems = found
    }
    var isChanged = false
    for (done, node) in nodes.enumerated() {
      let isKnown = done < steps.count
      progress(
        isKnown
          ? Converter.Progress(stage: "go on", done: 0, total: 0)
          : Converter.Progress(stage: "prune", done: done, total: nodes.count))
      let wanted = zeros[node.name]
      var step = Step(samples: effect.samples)
      if wanted != nil || isChanged, graph[node.weights].constant != nil {
        let isOwn =
          index.consumers[node.weights.index].count == 1 && !index.isOutput[node.weights.index]
        if isKnown {
          step = steps[done]
          if isOwn { try problems?.pass(node, in: graph, isChanged: isChanged) }
        } else if isOwn, let layer = try fit(node, wanted, in: graph, &problems, isChanged) {
          step.change = .fitted(layer)
        } else if wanted != nil {
          step.change = .byMagnitude
        }
        apply(step.change, wanted, to: &graph, node, &names, &effect)
        if case .none = step.change {} else { isChanged = true }
      }
      guard !isKnown else { continue }
      checkpoint?.keep(done) { step.append(to: &$0) }
      checkpoint?.save(done: done + 1, of: nodes.count)
    }
    return effect
  }

  /// The weights of a layer that fit best; nil where it cannot be fitted.
  private func fit(
    _ node: WeightedNode, _ wanted: PrunedLayer.Zeros?, in graph: Graph,
    _ problems: inout LayerProblems?, _ isChanged: Bool
  ) throws(ConvertError) -> PrunedLayer? {
    guard let tensor = graph[node.weights].constant, let product = problems?.product,
      let problem = try problems?.problem(of: node, in: graph, isChanged: isChanged)
    else { return nil }
    return PruningProblem(problem, product)?.solve(wanted, current: tensor)
  }

  private func apply(
    _ change: Step.Change, _ wanted: PrunedLayer.Zeros?, to graph: inout Graph,
    _ node: WeightedNode, _ names: inout FreshNames, _ effect: inout Effect
  ) {
    switch change {
    case .none: break
    case .fitted(let layer):
      graph[node.weights].constant = layer.tensor
      graph.shiftBias(at: node.position, by: layer.shifts, &names)
      effect.layers += 1
    case .byMagnitude:
      guard let wanted else { break }
      var pattern = wanted.pattern
      if case .unstructured = pattern { pattern = .unstructured(wanted.fraction) }
      if case .block = pattern { pattern = .block(wanted.fraction) }
      _ = Prune(specification: pattern, scope: .layer).apply(&graph, [node])
      effect.byMagnitude.append(node.name)
    }
  }

  /// Multiply-accumulates that running samples may take: about two minutes of two cores.
  private static func budget(_ options: ConversionOptions) -> Double {
    options.effort == .thorough ? 6e13 : 1.5e13
  }

  /// The samples that layers are fitted on.
  static func samples(_ options: ConversionOptions) -> Int {
    options.effort == .fast ? 256 : 2_048
  }
}
