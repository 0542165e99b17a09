import Interpreter
import Metadata
import ModelFormat

/// Types of weights and activations, as a plan says.
extension Compressor {
  /// Gives weights and activations of the float network `graph` the types that `plan` says.
  mutating func quantize(
    _ graph: inout Graph, _ plan: CompressionPlan, _ promised: NormalizedMeans,
    _ samples: inout SampleSet
  ) throws(ConvertError) {
    if plan.base.weights == .float16 || plan.base.weights == .bfloat16 {
      halve(&graph, plan.base.weights)
    }
    let isStatic = plan.treatments.contains { $0.activations == .uint8 }
    guard isStatic || plan.treatments.contains(where: \.weights.isInteger) else { return }
    guard isCalibrated else {
      let float = graph
      // What is rounded to keep outputs has right biases already.
      if try !roundWeights(&graph, plan, &samples) {
        correctBias(&graph, float, promised.means(of: float), "as BatchNormalization promises it")
      }
      return quantizeAtRunTime(&graph, plan)
    }
    // Unless a cache says what samples would.
    let cache = try cache()
    var trial: Trial?
    if cache == nil, options.effort != .fast, isStatic {
      trial = try Trial(interpreter(graph), &samples, limit: 16, threads: options.threads)
    }
    let factors = try equalize(&graph, plan, cache, trial, &samples)
    let float = graph
    let calibration =
      if let cache { Calibration(cache, float) } else { try calibrate(float, &samples) }
    if try !roundWeights(&graph, plan, &samples) {
      correctBias(&graph, float, calibration.means, "by the means of samples")
    }
    quantizeAtRunTime(&graph, plan)
    guard isStatic else { return }
    let ranges = try quantizeActivations(&graph, float, calibration, plan, trial)
    try keep(calibration, ranges, factors, float)
  }

  mutating func halve(_ graph: inout Graph, _ type: WeightType) {
    log.begin()
    var count = 0
    for index in graph.values.indices {
      guard graph.values[index].type == .float32, let tensor = graph.values[index].constant,
        // Scales of a Resize, bounds and the like are few, and decide shapes and places.
        tensor.type == .float32, tensor.shape.count >= 16
      else { continue }
      if let half = type == .float16 ? tensor.halved() : tensor.shortened() {
        graph.values[index].constant = half
        count += 1
      } else {
        left.append(
          FloatLayer(
            node: graph.values[index].name, reason: "a weight exceeds half precision's 65504"))
      }
    }
    log.end(type.name, effect: "\(count) constants are stored as \(type.name)")
  }

  /// Whether weights are rounded to keep outputs, which needs samples, and not each to its nearest level.
  func roundsBySamples(_ plan: CompressionPlan, _ layers: [WeightedNode]) -> Bool {
    guard options.calibration != nil else { return false }
    return switch options.rounding {
    case .nearest: false
    case .gptq: true
    case .auto:
      options.effort == .thorough || layers.contains { plan[$0.name].weights.bits < 8 }
    }
  }

  /// Stores weights as integers where the plan says so; returns whether samples were used for that.
  mutating func roundWeights(
    _ graph: inout Graph, _ plan: CompressionPlan, _ samples: inout SampleSet
  ) throws(ConvertError) -> Bool {
    let layers = graph.weightedNodes(.none).filter { plan[$0.name].weights.isInteger }
    guard !layers.isEmpty else { return false }
    log.begin()
    let float = graph
    defer { keepZeros(&graph, float, layers, plan) }
    guard roundsBySamples(plan, layers) else {
      let effect = RoundWeights(plan: plan).apply(&graph, layers)
      left += effect.left
      log.end("round-weights", options: [Entry("rounding", "nearest")], effect: effect.text)
      return false
    }
    try MemoryPolicy(options).requireFit(graph, for: "rounding by samples")
    let effect = try SampledRounding(options: options, progress: progress, plan: plan)
      .apply(&graph, layers, &samples)
    left += effect.nearest.left
    log.end(
      "round-weights", options: [Entry("rounding", "gptq")], samples: effect.samples,
      effect: effect.text)
    return true
  }

  /// Keeps the zeros of pruned layers to those that pruning made: as many as were asked for.
  ///
  /// The smallest of the other weights would be rounded to zero; they take the next level, at an error of one
  /// step at most.
  private func keepZeros(
    _ graph: inout Graph, _ float: Graph, _ layers: [WeightedNode], _ plan: CompressionPlan
  ) {
    guard !options.pruning.isEmpty else { return }
    for layer in layers where plan[layer.name].weights == .integer(bits: 8) {
      guard let before = float[layer.weights].constant, before.type == .float32,
        let after = graph[layer.weights].constant, after.type == .int8,
        before.nonzeroCount < before.shape.count, after.nonzeroCount < before.nonzeroCount,
        let quantization = after.quantization, quantization.isSymmetric
      else { continue }
      let floats = before.floats()
      var stored = after.dense.withUnsafeBytes { [Int8]($0.bindMemory(to: Int8.self)) }
      guard stored.count == floats.count else { continue }
      for index in stored.indices where stored[index] == 0 && floats[index] != 0 {
        stored[index] = floats[index] < 0 ? -1 : 1
      }
      graph[layer.weights].constant = Tensor(
        type: .int8, shape: after.shape, bytes: Bytes(elements: stored),
        quantization: quantization)
    }
  }

  /// Takes the mean error of rounded weights out of biases.
  mutating func correctBias(
    _ graph: inout Graph, _ float: Graph, _ means: [ValueID: [Float]], _ source: String
  ) {
    guard options.biasCorrection != .off, !means.isEmpty else { return }
    log.begin()
    let count = CorrectBias(means: means).apply(&graph, float, float.weightedNodes(.none))
    log.end(
      "correct-bias", effect: "the mean error of \(count) layers is in their biases, \(source)")
  }

  /// Marks layers that quantize what they read at each run.
  mutating func quantizeAtRunTime(_ graph: inout Graph, _ plan: CompressionPlan) {
    let layers = graph.weightedNodes(.none).filter { plan[$0.name].activations == .dynamic }
    guard !layers.isEmpty else { return }
    log.begin()
    let effect = QuantizeWeights(isDynamic: true).apply(&graph, layers)
    left += effect.left
    log.end(
      "int8-dynamic", effect: "\(effect.dynamicLayers) of \(layers.count) layers multiply integers")
  }

  /// Gives activations ranges, and makes the nodes compute in integers that can.
  mutating func quantizeActivations(
    _ graph: inout Graph, _ float: Graph, _ calibration: Calibration, _ plan: CompressionPlan,
    _ trial: Trial?
  ) throws(ConvertError) -> RangeSelection {
    log.begin()
    let rounded = graph
    let quantizer = Quantizer(plan: plan, correctsBias: false)
    let rules = RangeRule.candidates(options.calibrationMethod)
    var selection = RangeSelection(calibration, rules[0])
    if let trial, calibration.cached == nil {
      let form: ([Quantization?]) -> Graph = { quantizer.quantized(rounded, $0) }
      selection = try .best(calibration, rules, trial, form)
      if options.effort == .thorough {
        let progress = progress
        try selection.refine(calibration, rules, trial, form) { done, total in
          progress(Converter.Progress(stage: "refine ranges", done: done, total: total))
          return true
        }
      }
    }
    if let warning = OddRanges(calibration, selection.ranges, float).warning {
      warnings.append(warning)
    }
    let effect = QuantizeActivations(parameters: selection.parameters, filter: quantizer.filter)
      .apply(&graph)
    left += effect.left
    let rule = calibration.cached == nil ? selection.rule.name : "cache"
    log.end(
      "int8", options: [Entry("calibration-method", rule)], samples: trial?.count ?? 0,
      effect:
        "\(effect.layers) layers have integer weights, \(effect.integerNodes) nodes compute in "
        + "integers, ranges by \(rule)"
        + (selection.exceptions > 0 ? ", \(selection.exceptions) of them by another rule" : ""))
    return selection
  }
}
