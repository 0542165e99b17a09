import ModelFormat

/// Makes the quantized form of a float network, as a plan says: weights, biases, activations.
///
/// The steps of `Compressor` without its log and its choices, for forms that are only measured.
struct Quantizer {
  let plan: CompressionPlan
  let correctsBias: Bool

  /// Weights as integers, and biases without their mean error where means are known.
  ///
  /// Layers that quantize what they read at each run are marked.
  func rounded(_ float: Graph, _ means: [ValueID: [Float]]) -> Graph {
    var graph = float
    prune(&graph)
    let layers = float.weightedNodes(.none)
    let integer = layers.filter { plan[$0.name].weights.isInteger }
    _ = RoundWeights(plan: plan).apply(&graph, integer)
    if correctsBias {
      let changed = layers.filter {
        plan[$0.name].weights.isInteger || plan[$0.name].pruning != nil
      }
      _ = CorrectBias(means: means).apply(&graph, float, changed)
    }
    let dynamic = graph.weightedNodes(.none).filter { plan[$0.name].activations == .dynamic }
    _ = QuantizeWeights(isDynamic: true).apply(&graph, dynamic)
    return graph
  }

  /// Sets weights to zero where the plan says so of single layers.
  func prune(_ graph: inout Graph) {
    for layer in graph.weightedNodes(.none) {
      guard let pruning = plan[layer.name].pruning else { continue }
      _ = Prune(specification: pruning, scope: .layer).apply(&graph, [layer])
    }
  }

  /// Activations as integers, with `parameters` for each value.
  func quantized(_ rounded: Graph, _ parameters: [Quantization?]) -> Graph {
    var graph = rounded
    _ = QuantizeActivations(parameters: parameters, filter: filter).apply(&graph)
    return graph
  }

  /// Nodes that compute in integers with ranges of calibration.
  var filter: NodeFilter { plan.filter { $0.activations == .uint8 } }
}
