import Metadata
import ModelFormat

/// Zeros: which weights, and what the user should know of them.
extension Compressor {
  mutating func prune(
    _ graph: inout Graph, _ specification: ConversionOptions.Pruning, _ plan: CompressionPlan
  ) {
    prune(
      &graph, specification,
      graph.weightedNodes(filter).filter { plan[$0.name].pruning == nil })
  }

  /// Prunes the layers of which the plan says how, each by itself.
  mutating func pruneByRule(_ graph: inout Graph, _ plan: CompressionPlan) {
    let layers = graph.weightedNodes(filter)
    let specifications = Set(layers.compactMap { plan[$0.name].pruning })
    for specification in specifications.sorted(by: { $0.text < $1.text }) {
      prune(
        &graph, specification, layers.filter { plan[$0.name].pruning == specification },
        scope: .layer)
    }
  }

  mutating func prune(
    _ graph: inout Graph, _ specification: ConversionOptions.Pruning, _ nodes: [WeightedNode],
    scope: ConversionOptions.PruningScope? = nil
  ) {
    log.begin()
    let step = Prune(specification: specification, scope: scope ?? options.pruningScope)
    let effect = step.apply(&graph, nodes)
    let percent = effect.weights == 0 ? 0 : 100 * Double(effect.zeros) / Double(effect.weights)
    log.end(
      "prune",
      options: [
        Entry("specification", specification.text), Entry("scope", step.scope.rawValue),
      ],
      effect: "\(effect.zeros) of \(effect.weights) weights are zero (\(percent.tenths) %)")
    if !effect.skipped.isEmpty {
      warnings.append(
        "--prune \(specification.text): \(effect.skipped.count) layers whose input channels do not "
          + "form groups were left dense, '\(effect.skipped[0])' among them")
    }
  }

  /// Says that integer products skip zeros by whole blocks, of which single zeros make few.
  mutating func recommendBlocks() {
    guard [.int8, .int8Dynamic].contains(options.quantization) else { return }
    for case .unstructured(let fraction) in options.pruning where fraction >= 0.5 {
      hints.append(
        "--prune \(fraction): single zeros make an int8 model smaller; time is saved by 1x4 blocks of "
          + "zeros, which --prune block:\(fraction) makes, at more loss of accuracy")
    }
  }
}
