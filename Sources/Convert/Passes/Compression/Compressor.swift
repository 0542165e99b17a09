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
  var left: [FloatLayer] = []
  /// What the user should know.
  var warnings: [String] = []
  /// What would serve the user better.
  var hints: [String] = []
  /// What a search did, and what each layer got; nil without one.
  var searchReport: SearchReport?
  var choices: [LayerChoice] = []
  /// The float network with its channels as they lie in the result; nil where that is as they came.
  var reference: Graph?
  /// Tells a search to end.
  let stop: StopSignal
  /// What has taken long is kept here; nil where nothing does, or nobody wants it.
  private(set) var checkpoints: CheckpointStore?

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
    let fits = options.trainingData == nil && prunesBySamples(plan, imported)
    if fits || options.trainingData != nil {
      checkpoints = CheckpointStore.open(
        options, source: source, stop: stop, progress: progress)
    }
    if let data = options.trainingData {
      try train(&graph, plan, data)
    } else if !fits {
      for specification in options.pruning { prune(&graph, specification, plan) }
      pruneByRule(&graph, plan)
    }
    recommendBlocks()
    let promised = NormalizedMeans(options.trainingData == nil ? imported : graph)
    try fuse(&graph, GraphPass.folding, "fold")
    if !fits, options.trainingData == nil, !options.pruning.isEmpty, options.calibration != nil,
      options.statisticsCorrection != .off
    {
      try correctStatistics(&graph, imported, &samples)
    }
    try fuse(&graph, GraphPass.fusion, "fuse")
    if fits { try pruneBySamples(&graph, plan, &samples) }
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

  func interpreter(_ graph: Graph) throws(ConvertError) -> Interpreter {
    do throws(InterpreterError) {
      return try Interpreter(graph, threads: options.threads)
    } catch { throw .plan(path: options.input, error) }
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

  /// Whether neighbouring weights become zero together or instead of each other.
  var isGrouped: Bool {
    if case .unstructured = self { return false }
    return true
  }

  /// The part of weights that becomes zero; nil where the pattern decides it.
  var fraction: Double? {
    switch self {
    case .unstructured(let fraction), .block(let fraction): fraction
    case .pattern: nil
    }
  }
}

extension Double {
  /// The number with one digit behind the point.
  var tenths: String { "\((self * 10).rounded() / 10)" }
}
