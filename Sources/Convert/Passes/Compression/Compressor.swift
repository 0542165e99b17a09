import Interpreter
import Metadata
import ModelFormat

/// The compression that the options ask for, step by step.
struct Compressor {
  let options: ConversionOptions
  let filter: NodeFilter
  var log: PassLog
  let progress: (Converter.Progress) -> Void
  /// Layers that were left in float.
  private(set) var left: [FloatLayer] = []
  /// What the user should know.
  private(set) var warnings: [String] = []
  /// What would serve the user better.
  private(set) var hints: [String] = []

  init(
    options: ConversionOptions, filter: NodeFilter, log: PassLog,
    progress: @escaping (Converter.Progress) -> Void
  ) {
    self.options = options
    self.filter = filter
    self.log = log
    self.progress = progress
  }

  /// The compressed form of `imported`, which has been brought to one form but not fused.
  mutating func compress(
    _ imported: Graph, _ samples: inout SampleSet
  ) throws(ConvertError) -> Graph {
    var graph = imported
    for specification in options.pruning { prune(&graph, specification) }
    recommendBlocks()
    try fuse(&graph, GraphPass.folding, "fold")
    if !options.pruning.isEmpty, options.calibration != nil {
      try correctStatistics(&graph, imported, &samples)
    }
    try fuse(&graph, GraphPass.fusion, "fuse")
    let arrivedQuantized = try keepQuantization(&graph)
    switch options.quantization {
    case .none: break
    case .fp16: halve(&graph)
    case .int8Weights: quantizeWeights(&graph, isDynamic: false)
    case .int8Dynamic: quantizeWeights(&graph, isDynamic: true)
    case .int8:
      if options.calibration != nil {
        try quantizeStatically(&graph, &samples)
      } else if arrivedQuantized {
        break
      } else {
        warnings.append(
          "--quantize int8 without --calibration quantizes activations at run time (dynamic)")
        quantizeWeights(&graph, isDynamic: true)
      }
    }
    try fuse(
      &graph, arrivedQuantized ? GraphPass.finishingQuantized : GraphPass.finishing, "finish")
    encode(&graph)
    if let target = options.target { order(&graph, target) }
    return graph
  }

  private mutating func prune(
    _ graph: inout Graph, _ specification: ConversionOptions.Pruning
  ) {
    log.begin()
    let nodes = graph.weightedNodes(filter)
    let step = Prune(specification: specification, scope: options.pruningScope)
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
        + "weights, compute in integers with its own scales and zero points")
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

  private mutating func halve(_ graph: inout Graph) {
    log.begin()
    var count = 0
    for index in graph.values.indices {
      guard graph.values[index].type == .float32, let tensor = graph.values[index].constant,
        // Scales of a Resize, bounds and the like are few, and decide shapes and places.
        tensor.type == .float32, tensor.shape.count >= 16
      else { continue }
      if let half = tensor.halved() {
        graph.values[index].constant = half
        count += 1
      } else {
        left.append(
          FloatLayer(
            node: graph.values[index].name, reason: "a weight exceeds half precision's 65504"))
      }
    }
    log.end("float16", effect: "\(count) constants are stored in half precision")
  }

  private mutating func quantizeWeights(_ graph: inout Graph, isDynamic: Bool) {
    log.begin()
    let effect = QuantizeWeights(isDynamic: isDynamic).apply(&graph, graph.weightedNodes(filter))
    left += effect.left
    log.end(
      isDynamic ? "int8-dynamic" : "int8-weights",
      effect: "\(effect.layers) layers have int8 weights"
        + (isDynamic ? ", \(effect.dynamicLayers) of them multiply integers" : ""))
  }

  private mutating func quantizeStatically(
    _ graph: inout Graph, _ samples: inout SampleSet
  ) throws(ConvertError) {
    log.begin()
    try MemoryPolicy(options).requireFit(graph, for: "calibration")
    // Ranges are those of the network that will be quantized, pruning included.
    let interpreter: Interpreter
    do throws(InterpreterError) {
      interpreter = try Interpreter(graph, threads: options.threads)
    } catch { throw .plan(path: options.input, error) }
    var calibrator = Calibrator(graph)
    let progress = progress
    let total = options.samples ?? 0
    let count = try samples.forEach(limit: options.samples ?? Int.max, into: interpreter) {
      index throws(ConvertError) in
      try calibrator.run(interpreter)
      progress(Converter.Progress(stage: "calibrate", done: index + 1, total: total))
    }
    log.end("calibrate", samples: count, effect: "ranges of activations from \(count) samples")

    log.begin()
    let method = try chosenMethod(graph, calibrator, interpreter, &samples)
    let effect = quantize(&graph, calibrator, method)
    left += effect.left
    log.end(
      "int8", options: [Entry("calibration-method", method.rawValue)], samples: count,
      effect: "\(effect.layers) layers have int8 weights, \(effect.integerNodes) nodes compute in "
        + "integers, ranges by \(method.rawValue)")
  }

  private func quantize(
    _ graph: inout Graph, _ calibrator: Calibrator, _ method: ConversionOptions.CalibrationMethod
  ) -> QuantizeActivations.Effect {
    let parameters = calibrator.observers.map { observer in
      observer.flatMap { RangeChoice.range($0, method) }.map { RangeChoice.parameters($0) }
    }
    return QuantizeActivations(parameters: parameters, filter: filter).apply(&graph)
  }

  /// The method to use: as stated, or that with the lower error in the outputs on some samples.
  private func chosenMethod(
    _ graph: Graph, _ calibrator: Calibrator, _ interpreter: Interpreter,
    _ samples: inout SampleSet
  ) throws(ConvertError) -> ConversionOptions.CalibrationMethod {
    guard options.calibrationMethod == .auto else { return options.calibrationMethod }
    var best: (method: ConversionOptions.CalibrationMethod, error: Double)?
    for method in [ConversionOptions.CalibrationMethod.auto, .minmax, .percentile] {
      var candidate = graph
      _ = quantize(&candidate, calibrator, method)
      let trial: Interpreter
      do throws(InterpreterError) {
        trial = try Interpreter(candidate, threads: options.threads)
      } catch { throw .plan(path: options.input, error) }
      var comparison = OutputComparison()
      _ = try samples.forEach(limit: 16, into: interpreter) { _ throws(ConvertError) in
        trial.copyInputs(of: interpreter)
        try interpreter.compute()
        try trial.compute()
        comparison.compare(interpreter.floats(), trial.floats(), interpreter.outputs)
      }
      if best.map({ comparison.meanError < $0.error }) ?? true {
        best = (method, comparison.meanError)
      }
    }
    return best?.method ?? .minmax
  }

  /// Puts every constant into its smallest encoding.
  private mutating func encode(_ graph: inout Graph) {
    log.begin()
    var sparse = 0
    for index in graph.values.indices {
      // A zero point or a shape gains nothing: its record is larger than its data.
      guard let tensor = graph.values[index].constant, tensor.shape.count >= 64 else { continue }
      let isPruned = tensor.nonzeroCount < tensor.shape.count
      let encoded = tensor.encoded(as: isPruned ? options.sparseEncoding : nil)
      if encoded.encoding != .dense { sparse += 1 }
      graph.values[index].constant = encoded
    }
    log.end("encode", effect: "\(sparse) constants are stored sparse")
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
