import Foundation
import Interpreter
import Metadata
import ModelFormat

/// The compression that a plan asks for, step by step.
struct Compressor {
  let options: ConversionOptions
  let filter: NodeFilter
  /// SHA-256 of the source file, by which a calibration cache knows it.
  let source: String
  var log: PassLog
  let progress: (Converter.Progress) -> Void
  /// Layers that were left in float.
  private(set) var left: [FloatLayer] = []
  /// What the user should know.
  private(set) var warnings: [String] = []
  /// What would serve the user better.
  private(set) var hints: [String] = []
  /// What a search did, and what each layer got; nil without one.
  var searchReport: SearchReport?
  var choices: [LayerChoice] = []
  /// Tells a search to end.
  let stop: StopSignal

  init(
    options: ConversionOptions, filter: NodeFilter, source: String, log: PassLog, stop: StopSignal,
    progress: @escaping (Converter.Progress) -> Void
  ) {
    self.stop = stop
    self.options = options
    self.filter = filter
    self.source = source
    self.log = log
    self.progress = progress
  }

  /// Whether ranges of activations are known, or can be measured.
  var isCalibrated: Bool {
    options.calibration != nil || options.calibrationCache != nil
  }

  /// The compressed form of `imported`, which has been brought to one form but not fused.
  mutating func compress(
    _ imported: Graph, _ samples: inout SampleSet
  ) throws(ConvertError) -> Graph {
    let plan = try CompressionPlan(options, imported, isCalibrated: isCalibrated)
    var graph = imported
    for specification in options.pruning { prune(&graph, specification, plan) }
    pruneByRule(&graph, plan)
    recommendBlocks()
    let promised = NormalizedMeans(imported)
    try fuse(&graph, GraphPass.folding, "fold")
    if !options.pruning.isEmpty, options.calibration != nil {
      try correctStatistics(&graph, imported, &samples)
    }
    try fuse(&graph, GraphPass.fusion, "fuse")
    if try keepQuantization(&graph) {
      try fuse(&graph, GraphPass.finishingQuantized, "finish")
      encode(&graph)
      if let target = options.target { order(&graph, target) }
      return graph
    }
    if [.int8, .int4].contains(options.quantization), !isCalibrated {
      warnings.append(
        "--quantize \(options.quantization.rawValue) without --calibration quantizes activations at "
          + "run time (dynamic)")
    }
    if let goal = options.goal {
      try search(&graph, plan, goal, &samples)
    } else {
      try quantize(&graph, plan, promised, &samples)
      try fuse(&graph, GraphPass.finishing, "finish")
      encode(&graph)
    }
    if let target = options.target { order(&graph, target) }
    return graph
  }

  /// Gives weights and activations of the float network `graph` the types that `plan` says.
  private mutating func quantize(
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

  private mutating func prune(
    _ graph: inout Graph, _ specification: ConversionOptions.Pruning, _ plan: CompressionPlan
  ) {
    prune(
      &graph, specification,
      graph.weightedNodes(filter).filter { plan[$0.name].pruning == nil })
  }

  /// Prunes the layers of which the plan says how, each by itself.
  private mutating func pruneByRule(_ graph: inout Graph, _ plan: CompressionPlan) {
    let layers = graph.weightedNodes(filter)
    let specifications = Set(layers.compactMap { plan[$0.name].pruning })
    for specification in specifications.sorted(by: { $0.text < $1.text }) {
      prune(
        &graph, specification, layers.filter { plan[$0.name].pruning == specification },
        scope: .layer)
    }
  }

  private mutating func prune(
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
  private mutating func recommendBlocks() {
    guard [.int8, .int8Dynamic].contains(options.quantization) else { return }
    for case .unstructured(let fraction) in options.pruning where fraction >= 0.5 {
      hints.append(
        "--prune \(fraction): single zeros make an int8 model smaller; time is saved by 1x4 blocks of "
          + "zeros, which --prune block:\(fraction) makes, at more loss of accuracy")
    }
  }

  private mutating func fuse(
    _ graph: inout Graph, _ passes: [GraphPass], _ name: String
  ) throws(ConvertError) {
    log.begin()
    let changes = try GraphPass.run(passes, on: &graph, path: options.input)
    let effects = changes.filter { $0.changes > 0 }.map { "\($0.name) \($0.changes)" }
    log.end(name, effect: effects.joined(separator: ", "))
  }

  /// A model that arrives quantized computes in integers with the parameters that it has.
  private mutating func keepQuantization(
    _ graph: inout Graph
  ) throws(ConvertError) -> Bool {
    log.begin()
    let effect = try RecognizeQuantization(filter: filter).apply(&graph)
    guard effect.integerNodes > 0 || !effect.left.isEmpty else { return false }
    left += effect.left
    let rounded =
      effect.rounded == 0
      ? "" : ", \(effect.rounded) of them rounded since their zero points leave no eight bits"
    log.end(
      "recognize-quantization",
      effect:
        "\(effect.layers) layers keep their int8 weights\(rounded), \(effect.integerNodes) nodes "
        + "compute in integers with the model's own scales")
    hints.append(
      "the model arrived quantized: \(effect.integerNodes) nodes, \(effect.layers) of them with "
        + "weights, compute in integers with its own scales and zero points"
        + (options.quantization == .none && options.goal == nil
          ? "" : "; nothing else is quantized or searched"))
    return true
  }

  private mutating func correctStatistics(
    _ graph: inout Graph, _ imported: Graph, _ samples: inout SampleSet
  ) throws(ConvertError) {
    log.begin()
    var dense = imported
    _ = try GraphPass.run(GraphPass.folding, on: &dense, path: options.input)
    let correction = CorrectStatistics(options: options, progress: progress)
    let effect = try correction.apply(&graph, dense, graph.weightedNodes(filter), &samples)
    log.end(
      "correct-statistics", samples: effect.samples,
      effect: "\(effect.layers) layers have the mean and deviation of the dense network's again")
  }

  private mutating func halve(_ graph: inout Graph, _ type: WeightType) {
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

  /// The cache of an earlier calibration; nil where there is none yet.
  mutating func cache() throws(ConvertError) -> CalibrationCache? {
    guard let path = options.calibrationCache, FileManager.default.fileExists(atPath: path) else {
      guard options.calibration != nil else {
        throw .cache(
          options.calibrationCache ?? "", "is not there, and cannot be made without --calibration")
      }
      return nil
    }
    log.begin()
    let cache = try CalibrationCache(path: path, source: source, pruning: pruningText)
    log.end(
      "calibrate", options: [Entry("calibration-cache", "read")],
      effect:
        "ranges of \(cache.tensors.count) activations by \(cache.samples) samples, from \(path)")
    return cache
  }

  private var pruningText: String { options.pruning.map(\.text).joined(separator: ", ") }

  /// What the samples say about the activations of `float`.
  mutating func calibrate(
    _ float: Graph, _ samples: inout SampleSet
  ) throws(ConvertError) -> Calibration {
    log.begin()
    let calibration = try observe(float, options.samples ?? Int.max, &samples, isShown: true)
    log.end(
      "calibrate", samples: calibration.samples,
      effect: "ranges of activations from \(calibration.samples) samples")
    return calibration
  }

  /// Runs the float network on up to `limit` samples and observes its activations.
  private func observe(
    _ float: Graph, _ limit: Int, _ samples: inout SampleSet, isShown: Bool = false
  ) throws(ConvertError) -> Calibration {
    try MemoryPolicy(options).requireFit(float, for: "calibration")
    // Ranges are those of the network that will be quantized, pruning included.
    let interpreter = try interpreter(float)
    var calibrator = Calibrator(float)
    let progress = progress
    let total = options.samples ?? 0
    _ = try samples.forEach(limit: limit, into: interpreter) { index throws(ConvertError) in
      try calibrator.run(interpreter)
      if isShown {
        progress(Converter.Progress(stage: "calibrate", done: index + 1, total: total))
      }
    }
    return Calibration(calibrator)
  }

  /// Gives the channels of activations like magnitudes, where that makes the quantized network better.
  ///
  /// Returns the factors of the values that were changed.
  mutating func equalize(
    _ graph: inout Graph, _ plan: CompressionPlan, _ cache: CalibrationCache?, _ trial: Trial?,
    _ samples: inout SampleSet
  ) throws(ConvertError) -> [String: [Float]] {
    let classes = ChannelClasses(graph).classes
    if let cache {
      EqualizeChannels.apply(&graph, cache.factors)
      return cache.factors
    }
    guard options.equalization != .off, !classes.isEmpty, plan.base.activations == .uint8,
      options.equalization == .on || trial != nil
    else { return [:] }
    log.begin()
    var profile = ChannelProfile(graph, classes.flatMap(\.values))
    let interpreter = try interpreter(graph)
    let count = try samples.forEach(limit: 32, into: interpreter) { _ throws(ConvertError) in
      try profile.run(interpreter)
    }
    let step = EqualizeChannels(graph, profile)
    var equalized = graph
    EqualizeChannels.apply(&equalized, step.factors)
    var effect = "\(step.factors.count) activations have channels of like magnitude"
    var isBetter = true
    if options.equalization == .auto, let trial {
      let before = try error(graph, plan, trial, &samples)
      let after = try error(equalized, plan, trial, &samples)
      isBetter = after < before
      effect = isBetter ? effect : "left out"
      effect +=
        String(format: ": squared error of the outputs %.2g with, %.2g without", after, before)
    }
    log.end("equalize", samples: count, effect: effect)
    guard isBetter else { return [:] }
    graph = equalized
    return step.factors
  }

  /// The error that quantization as planned makes, by a quick look.
  private func error(
    _ float: Graph, _ plan: CompressionPlan, _ trial: Trial, _ samples: inout SampleSet
  ) throws(ConvertError) -> Double {
    let calibration = try observe(float, 8, &samples)
    let quantizer = Quantizer(plan: plan, correctsBias: options.biasCorrection != .off)
    let rounded = quantizer.rounded(float, calibration.means)
    return try RangeSelection.best(
      calibration, [.mse(clipping: 1), .mse(clipping: 0.1)], trial, limit: 8
    ) { quantizer.quantized(rounded, $0) }.error?.relative ?? .infinity
  }

  func interpreter(_ graph: Graph) throws(ConvertError) -> Interpreter {
    do throws(InterpreterError) {
      return try Interpreter(graph, threads: options.threads)
    } catch { throw .plan(path: options.input, error) }
  }

  /// Whether weights are rounded to keep outputs, which needs samples, and not each to its nearest level.
  private func roundsBySamples(_ plan: CompressionPlan, _ layers: [WeightedNode]) -> Bool {
    guard options.calibration != nil else { return false }
    return switch options.rounding {
    case .nearest: false
    case .gptq: true
    case .auto:
      options.effort == .thorough || layers.contains { plan[$0.name].weights.bits < 8 }
    }
  }

  /// Stores weights as integers where the plan says so; returns whether samples were used for that.
  private mutating func roundWeights(
    _ graph: inout Graph, _ plan: CompressionPlan, _ samples: inout SampleSet
  ) throws(ConvertError) -> Bool {
    let layers = graph.weightedNodes(.none).filter { plan[$0.name].weights.isInteger }
    guard !layers.isEmpty else { return false }
    log.begin()
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

  /// Takes the mean error of rounded weights out of biases.
  private mutating func correctBias(
    _ graph: inout Graph, _ float: Graph, _ means: [ValueID: [Float]], _ source: String
  ) {
    guard options.biasCorrection != .off, !means.isEmpty else { return }
    log.begin()
    let count = CorrectBias(means: means).apply(&graph, float, float.weightedNodes(.none))
    log.end(
      "correct-bias", effect: "the mean error of \(count) layers is in their biases, \(source)")
  }

  /// Marks layers that quantize what they read at each run.
  private mutating func quantizeAtRunTime(_ graph: inout Graph, _ plan: CompressionPlan) {
    let layers = graph.weightedNodes(.none).filter { plan[$0.name].activations == .dynamic }
    guard !layers.isEmpty else { return }
    log.begin()
    let effect = QuantizeWeights(isDynamic: true).apply(&graph, layers)
    left += effect.left
    log.end(
      "int8-dynamic", effect: "\(effect.dynamicLayers) of \(layers.count) layers multiply integers")
  }

  /// Gives activations ranges, and makes the nodes compute in integers that can.
  private mutating func quantizeActivations(
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

  /// Writes the cache where one is asked for and not there.
  private func keep(
    _ calibration: Calibration, _ selection: RangeSelection, _ factors: [String: [Float]],
    _ float: Graph
  ) throws(ConvertError) {
    guard let path = options.calibrationCache, calibration.cached == nil else { return }
    let cache = CalibrationCache(
      source: source, pruning: pruningText, method: selection.rule.name, factors: factors,
      calibration, selection.ranges, float)
    let bytes = Bytes(cache.encoded())
    do throws(FileError) {
      try AtomicFile.write(to: path) { (sink) throws(FileError) in
        try bytes.withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
      }
    } catch { throw .file(error) }
  }

  /// Puts every constant into its smallest encoding.
  mutating func encode(_ graph: inout Graph) {
    log.begin()
    let encoded = encodeAll(&graph)
    log.end("encode", effect: "\(encoded) constants are stored sparse or with a palette")
  }

  /// Puts every constant into its smallest encoding and returns how many are not dense.
  func encodeAll(_ graph: inout Graph) -> Int {
    var count = 0
    for index in graph.values.indices {
      // A zero point or a shape gains nothing: its record is larger than its data.
      guard let tensor = graph.values[index].constant, tensor.shape.count >= 64 else { continue }
      let isPruned = tensor.nonzeroCount < tensor.shape.count
      let encoded = tensor.encoded(as: isPruned ? options.sparseEncoding : nil)
      if encoded.encoding != .dense { count += 1 }
      graph.values[index].constant = encoded
    }
    return count
  }

  /// Stores dense weights in the order of the target's kernels.
  private mutating func order(_ graph: inout Graph, _ target: ConversionOptions.Target) {
    log.begin()
    let effect = OrderWeights(isa: target.instructionSet).apply(&graph)
    log.end(
      "order", options: [Entry("target", target.rawValue)],
      effect:
        "\(effect.constants) constants lie as kernels read them, with \(effect.padding) bytes of "
        + "padding")
  }
}

extension ConversionOptions.Pruning {
  /// The specification as it is typed.
  public var text: String {
    switch self {
    case .unstructured(let fraction): "\(fraction)"
    case .pattern(let keep, let of): "\(keep):\(of)"
    case .block(let fraction): "block:\(fraction)"
    }
  }
}

extension Double {
  /// The number with one digit behind the point.
  var tenths: String { "\((self * 10).rounded() / 10)" }
}
