import ModelFormat

/// Rounds the weights of layers to few levels, layer by layer, so that outputs stay what they were.
///
/// Each layer sees what the layers before it, rounded already, compute on some samples, and is rounded to
/// what comes nearest to the outputs of the dense network: a least squares fit of the weights to the inputs
/// that there are now, then rounding column by column (`ColumnSweep`), then the bias takes what the mean has
/// moved. No labels are needed.
struct SampledRounding {
  let options: ConversionOptions
  let progress: (Converter.Progress) -> Void
  /// The type of the weights of each layer; those that stay float are left alone.
  let plan: CompressionPlan
  /// The most samples.
  var sampleLimit = 100

  /// What was done.
  struct Effect {
    /// Layers that were rounded to keep their outputs.
    var layers = 0
    /// Layers whose products or inputs do not allow it, with weights at the nearest level.
    var nearest = RoundWeights.Effect()
    var samples = 0

    /// The effect in words.
    var text: String {
      "\(layers) layers rounded to keep their outputs"
        + (nearest.layers.isEmpty ? "" : ", to the nearest level: " + nearest.text)
    }
  }

  /// Rounds the weights of `graph`, whose layers were fused but not quantized.
  func apply(
    _ graph: inout Graph, _ nodes: [WeightedNode], _ samples: inout SampleSet
  ) throws(ConvertError) -> Effect {
    var effect = Effect()
    let index = GraphIndex(graph)
    var problems = try LayerProblems(graph, &samples, most: sampleLimit, options: options)
    effect.samples = problems.sampleCount
    var names = FreshNames(graph)
    var isChanged = false
    for (done, node) in nodes.enumerated() {
      guard let grid = WeightGrid(plan[node.name].weights) else { continue }
      progress(Converter.Progress(stage: "round", done: done, total: nodes.count))
      if index.consumers[node.weights.index].count == 1, !index.isOutput[node.weights.index],
        let problem = try problems.problem(of: node, in: graph, isChanged: isChanged),
        let layer = RoundedLayer(problem, grid: grid, problems.product)
      {
        graph[node.weights].constant = layer.tensor
        graph.shiftBias(at: node.position, by: layer.shifts, &names)
        effect.layers += 1
      } else {
        effect.nearest.add(RoundWeights(plan: plan).apply(&graph, [node]))
      }
      isChanged = true
    }
    return effect
  }
}
