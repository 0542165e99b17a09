import Interpreter
import Metadata
import ModelFormat

/// Zeros: which weights, and what the user should know of them.
extension Compressor {
  /// Whether zeros are chosen, and what stays is fitted, by samples.
  func prunesBySamples(_ plan: CompressionPlan, _ graph: Graph) -> Bool {
    guard options.calibration != nil, !graph.dependsOnData else { return false }
    guard !options.pruning.isEmpty || plan.treatments.contains(where: { $0.pruning != nil }) else {
      return false
    }
    return switch options.pruningMethod {
    case .magnitude: false
    case .secondOrder: true
    case .auto: MemoryPolicy(options).fits(graph) || !MemoryPolicy(options).isStated
    }
  }

  /// Prunes the fused float network so that its outputs stay on samples.
  mutating func pruneBySamples(
    _ graph: inout Graph, _ plan: CompressionPlan, _ samples: inout SampleSet
  ) throws(ConvertError) {
    try MemoryPolicy(options).requireFit(graph, for: "pruning by samples")
    let (shown, held) = samples.split(period: 8)
    var judge = held
    var fit = shown.enriched(to: SampledPruning.samples(options))
    let trial = try Trial(
      interpreter(graph), &judge, limit: judges(graph), threads: options.threads)
    try permuteChannels(&graph, plan, trial, &fit)
    let dense = graph
    let layers = graph.weightedNodes(filter)
    for (number, specification) in options.pruning.enumerated() {
      var zeros: [String: PrunedLayer.Zeros] = [:]
      let own = layers.filter { plan[$0.name].pruning == nil }
      let choice = PrunableLayers(graph, own, specification)
      if options.pruningScope == .layer {
        for layer in choice.prunable {
          zeros[layer.name] = .init(pattern: specification, fraction: specification.fraction ?? 1)
        }
      } else {
        zeros = try allocate(
          graph, specification, choice, trial, &fit, checkpoint(.measure, number))
      }
      try prune(
        &graph, specification.text, zeros, layers, choice, trial, &fit, checkpoint(.prune, number))
    }
    var zeros: [String: PrunedLayer.Zeros] = [:]
    for layer in layers {
      guard let specification = plan[layer.name].pruning else { continue }
      zeros[layer.name] = .init(pattern: specification, fraction: specification.fraction ?? 1)
    }
    if !zeros.isEmpty {
      try prune(
        &graph, "by layer", zeros, layers, nil, trial, &fit,
        checkpoint(.prune, options.pruning.count))
    }
    try distil(&graph, dense, layers, shown, trial)
  }

  /// What a stage, one of several of its kind, sees of the checkpoint; nil without one.
  func checkpoint(_ stage: CheckpointPlace.Stage, _ number: Int = 0) -> StageCheckpoint? {
    checkpoints.map { StageCheckpoint($0, stage, number: number) }
  }

  /// Brings channels into an order that suits the pattern of zeros, where there is one.
  private mutating func permuteChannels(
    _ graph: inout Graph, _ plan: CompressionPlan, _ trial: Trial, _ samples: inout SampleSet
  ) throws(ConvertError) {
    let layers = graph.weightedNodes(filter)
    let asked = options.pruning + layers.compactMap { plan[$0.name].pruning }
    // Channels have one order: that of the first pattern.
    guard let pattern = asked.first(where: { $0.isGrouped }) else { return }
    log.begin()
    var ordered = graph
    let step = PermuteChannels(options: options, pattern: pattern)
    let chosen = PrunableLayers(graph, layers, pattern).prunable
    let count = try step.apply(&ordered, chosen, &samples)
    guard count > 0 else { return }
    // The outputs are the same but for the order of sums.
    guard try trial.error(of: ordered).loss < 1e-6 else { return }
    graph = ordered
    reference = ordered
    log.end(
      "permute-channels", options: [Entry("specification", pattern.text)],
      effect: "channels of \(count) activations are in an order that suits the pattern")
  }

  /// Samples held back to judge by: more of a network that runs fast.
  private func judges(_ graph: Graph) -> Int {
    if options.effort == .fast { return 16 }
    return min(256, max(48, 10_000_000_000 / max(1, GraphTotals(graph).macs)))
  }

  /// Trains what pruning has left to put out what the dense network does.
  private mutating func distil(
    _ graph: inout Graph, _ dense: Graph, _ layers: [WeightedNode], _ samples: SampleSet,
    _ trial: Trial
  ) throws(ConvertError) {
    guard options.distillation != .off, options.distillation == .on || options.effort != .fast
    else { return }
    log.begin()
    let step = Distil(
      options: options, trial: trial, stop: stop, progress: progress,
      checkpoint: checkpoint(.distil))
    let effect = try step.apply(&graph, dense: dense, layers, samples)
    log.end("distil", samples: samples.indices.count, effect: effect.text)
  }

  /// The part of zeros of each layer by what it costs the outputs.
  private mutating func allocate(
    _ graph: Graph, _ specification: ConversionOptions.Pruning, _ choice: PrunableLayers,
    _ trial: Trial, _ fit: inout SampleSet, _ checkpoint: StageCheckpoint?
  ) throws(ConvertError) -> [String: PrunedLayer.Zeros] {
    log.begin()
    let step = PruningSensitivity(
      options: options, pattern: specification, trial: trial, progress: progress,
      checkpoint: checkpoint)
    let judged = step.samples(graph, layers: choice.prunable.count)
    let curves = try step.measure(graph, choice.prunable, &fit)
    guard let fraction = specification.fraction else {
      let dense = PruningAllocation.dearest(curves, of: choice.weights)
      log.end(
        "allocate", options: [Entry("specification", specification.text)], samples: judged,
        effect: "\(dense.count) of \(curves.count) layers, where zeros cost most, stay dense")
      let pruned = curves.filter { !dense.contains($0.name) }
      return Dictionary(
        uniqueKeysWithValues: pruned.map { ($0.name, .init(pattern: specification, fraction: 1)) })
    }
    let wanted = Int((Double(choice.weights) * fraction).rounded())
    let fractions = PruningAllocation.fractions(curves, zeros: wanted)
    log.end(
      "allocate", options: [Entry("specification", specification.text)], samples: judged,
      effect: "the cost of zeros in \(curves.count) layers was measured")
    return fractions.mapValues { .init(pattern: specification, fraction: $0) }
  }

  private mutating func prune(
    _ graph: inout Graph, _ text: String, _ zeros: [String: PrunedLayer.Zeros],
    _ layers: [WeightedNode], _ choice: PrunableLayers?, _ trial: Trial,
    _ samples: inout SampleSet, _ checkpoint: StageCheckpoint?
  ) throws(ConvertError) {
    log.begin()
    let step = SampledPruning(
      options: options, progress: progress, zeros: zeros, checkpoint: checkpoint)
    let effect = try step.apply(&graph, layers, &samples)
    var (count, weights, prunable) = (0, 0, 0)
    for layer in layers {
      guard let tensor = graph[layer.weights].constant else { continue }
      count += tensor.shape.count - tensor.nonzeroCount
      weights += tensor.shape.count
      if zeros[layer.name] != nil { prunable += tensor.shape.count }
    }
    let error = try trial.error(of: graph)
    func percent(_ whole: Int) -> String {
      whole == 0 ? "0" : (100 * Double(count) / Double(whole)).tenths
    }
    log.end(
      "prune",
      options: [
        Entry("specification", text), Entry("method", "second-order"),
        Entry("scope", (options.pruningScope ?? .global).rawValue),
      ], samples: effect.samples,
      effect:
        "\(count) of \(weights) weights are zero (\(percent(weights)) %, \(percent(prunable)) % of "
        + "prunable layers); " + error.text + " on \(trial.count) samples held back")
    if let choice, !choice.skipped.isEmpty {
      warnings.append(
        "--prune \(text): \(choice.skipped.count) layers whose input channels do not form groups were "
          + "left dense, '\(choice.skipped[0])' among them")
    }
  }

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
