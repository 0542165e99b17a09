import Datasets
import Metadata
import ModelFormat

/// Training with labels, where the user gives samples to train on.
extension Compressor {
  /// Trains `graph`, and prunes it meanwhile, on the labelled samples at `path`.
  mutating func train(
    _ graph: inout Graph, _ plan: CompressionPlan, _ path: String
  ) throws(ConvertError) {
    try MemoryPolicy(options).requireFit(graph, for: "training")
    log.begin()
    let dataset: Dataset
    do throws(DatasetError) { dataset = try Dataset(path: path, splitBatch: true) } catch {
      throw .dataset(error)
    }
    let preprocessing = try SampleSet.preprocessing(
      options, graph.inputs.first.flatMap { graph[$0].shape } ?? [], dataset)
    let (goals, skipped) = ZeroGoal.all(graph, graph.weightedNodes(filter), options, plan)
    let step = LabelledTraining(
      options: options, stop: stop, progress: progress, checkpoint: checkpoint(.train))
    let effect = try step.apply(&graph, goals, filter, dataset, preprocessing)
    var (zeros, weights) = (0, 0)
    for layer in graph.weightedNodes(filter) {
      guard let tensor = graph[layer.weights].constant else { continue }
      zeros += tensor.shape.count - tensor.nonzeroCount
      weights += tensor.shape.count
    }
    let percent = (100 * Double(zeros) / Double(max(1, weights))).tenths
    log.end(
      "train", options: options.pruning.map { Entry("specification", $0.text) },
      samples: effect.samples,
      effect: effect.text + "; \(zeros) of \(weights) weights are zero (\(percent) %)")
    warnings += effect.warnings
    if let first = skipped.first {
      warnings.append(
        "\(skipped.count) layers whose input channels do not form groups were left dense, "
          + "'\(first)' among them")
    }
  }
}
