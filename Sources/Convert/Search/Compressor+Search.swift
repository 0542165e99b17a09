import Datasets
import Interpreter
import Metadata
import ModelFormat

extension Compressor {
  /// Gives each layer what serves a goal best, and makes `graph` that form: quantized, finished, encoded.
  mutating func search(
    _ graph: inout Graph, _ plan: CompressionPlan, _ goal: SearchGoal, _ samples: inout SampleSet
  ) throws(ConvertError) {
    let trial = try Trial(
      interpreter(graph), &samples, limit: options.effort == .thorough ? 48 : 24,
      threads: options.threads)
    var base = plan
    base.base = LayerTreatment(.int8, isCalibrated: isCalibrated)
    // Without samples: the fastest that needs none, unless bytes alone count.
    let activations: ActivationType =
      isCalibrated ? .uint8 : goal.bytes == nil ? .dynamic : .float32
    base.base.activations = activations
    let (float, means, parameters) = try prepare(graph, base, trial, &samples)
    let found = try measure(
      float, means, parameters, trial, Self.treatments(goal, activations, options.weightGrid),
      isTimed: goal.ms != nil || goal.bytes == nil)
    log.begin()
    let maker = FormMaker(
      float: float, means: means, parameters: parameters, trial: trial, goal: goal,
      options: options,
      baseline: try baseline(graph, goal), encode: encodeAll, round: rounder(samples))
    var search = PlanSearch(
      goal: goal, found.sensitivity, found.treatments, base: base, stop: stop,
      besideBytes: Double(maker.besideBytes(found.sensitivity))
    ) { plan, isFinal throws(ConvertError) in try maker.make(plan, isFinal: isFinal) }
    let progress = progress
    let attempts = 9
    search.onStep = { done in
      progress(Converter.Progress(stage: "search", done: done, total: attempts))
    }
    try search.run()
    guard let best = search.best else { return }
    graph = best.graph
    var report = SearchReport()
    report.goal = goal
    report.isMet = best.step.isMet
    report.steps = search.steps
    report.best = best.step
    report.sensitivity = found.sensitivity
    report.stopped =
      stop.wasGiven ? "interrupted" : stop.isOver ? "the time limit was reached" : nil
    searchReport = report
    choices = search.choices(best)
    log.end(
      "search", samples: trial.count,
      effect:
        "\(search.steps.count) forms made, the best \(best.step.isMet ? "reaches" : "misses") "
        + "the goal")
  }

  /// Rounds weights so that outputs stay, on samples; nil where there are none, or it would take too long.
  private func rounder(_ samples: SampleSet) -> FormMaker.Rounder? {
    guard options.calibration != nil, options.rounding != .nearest, options.effort != .fast else {
      return nil
    }
    var samples = samples
    let (options, progress) = (options, progress)
    return { graph, layers, plan throws(ConvertError) in
      _ = try SampledRounding(options: options, progress: progress, plan: plan)
        .apply(&graph, layers, &samples)
    }
  }

  /// The network whose layers are measured, equalized, and what samples say of its activations.
  private mutating func prepare(
    _ graph: Graph, _ base: CompressionPlan, _ trial: Trial, _ samples: inout SampleSet
  ) throws(ConvertError) -> (Graph, [ValueID: [Float]], [Quantization?]?) {
    guard isCalibrated else { return (graph, [:], nil) }
    var float = graph
    let cache = try cache()
    _ = try equalize(&float, base, cache, cache == nil ? trial : nil, &samples)
    let calibration =
      if let cache { Calibration(cache, float) } else { try calibrate(float, &samples) }
    let quantizer = Quantizer(plan: base, correctsBias: true)
    let rounded = quantizer.rounded(float, calibration.means)
    let rules = RangeRule.candidates(options.calibrationMethod)
    let selection = try RangeSelection.best(
      calibration, calibration.cached == nil ? rules : [rules[0]], trial
    ) { quantizer.quantized(rounded, $0) }
    return (float, calibration.means, selection.parameters)
  }

  /// What compression would do to each layer of `graph`.
  mutating func sensitivity(
    of graph: Graph, _ samples: inout SampleSet
  ) throws(ConvertError) -> Sensitivity {
    let trial = try Trial(interpreter(graph), &samples, limit: 16, threads: options.threads)
    var base = CompressionPlan(base: LayerTreatment(.int8, isCalibrated: isCalibrated))
    if !isCalibrated { base.base.activations = .float32 }
    let (float, means, parameters) = try prepare(graph, base, trial, &samples)
    var four = LayerTreatment(.int4, isCalibrated: true, grid: options.weightGrid)
    four.activations = base.base.activations
    var block = base.base
    block.pruning = .block(0.5)
    return try measure(
      float, means, parameters, trial, [base.base, four, block], isTimed: true
    ).sensitivity
  }

  /// What each layer's treatments do to the outputs, to bytes, and where that matters to time.
  private mutating func measure(
    _ float: Graph, _ means: [ValueID: [Float]], _ parameters: [Quantization?]?, _ trial: Trial,
    _ treatments: [LayerTreatment], isTimed: Bool
  ) throws(ConvertError) -> (sensitivity: Sensitivity, treatments: [[LayerTreatment]]) {
    log.begin()
    let progress = progress
    var (sensitivity, options) = try SensitivityMeasurement(
      float: float, means: means, parameters: parameters, trial: trial, treatments: treatments,
      limit: self.options.effort == .fast ? 6 : 16, stop: stop
    ) { done, total in
      progress(Converter.Progress(stage: "measure layers", done: done, total: total))
    }.run()
    if isTimed {
      try time(&sensitivity, options, treatments, float, means, parameters)
    }
    log.end(
      "sensitivity", samples: sensitivity.samples,
      effect: "\(sensitivity.layers.count) layers, \(treatments.count) treatments each"
        + (sensitivity.isPartial ? ", the last ones estimated" : ""))
    return (sensitivity, options)
  }

  /// The treatments among which a goal lets a search choose, float32 apart.
  private static func treatments(
    _ goal: SearchGoal, _ activations: ActivationType, _ grid: ConversionOptions.Grid
  ) -> [LayerTreatment] {
    func integers(_ bits: Int, _ pruning: ConversionOptions.Pruning? = nil) -> LayerTreatment {
      var treatment = LayerTreatment(.int8, isCalibrated: true, bits: bits, grid: grid)
      treatment.activations = activations
      treatment.pruning = pruning
      return treatment
    }
    var all = [integers(8)]
    if goal.bytes != nil || goal.drop != nil { all += [6, 5, 4, 3, 2].map { integers($0) } }
    if goal.ms != nil, activations == .uint8 {
      all += [0.25, 0.5, 0.75].map { integers(8, .block($0)) }
    }
    return all
  }

  /// Adds the time of each layer under each treatment: that in a network where all layers are treated so.
  private func time(
    _ sensitivity: inout Sensitivity, _ options: [[LayerTreatment]],
    _ treatments: [LayerTreatment], _ float: Graph, _ means: [ValueID: [Float]],
    _ parameters: [Quantization?]?
  ) throws(ConvertError) {
    var times: [LayerTreatment: LayerTimes] = [:]
    for treatment in [.none] + treatments {
      // The kernels of eight-bit weights compute with fewer bits as well.
      guard treatment.weights.bits >= 8 else { continue }
      let quantizer = Quantizer(plan: CompressionPlan(base: treatment), correctsBias: false)
      var graph = quantizer.rounded(float, means)
      if treatment.activations == .uint8, let parameters {
        graph = quantizer.quantized(graph, parameters)
      }
      _ = try GraphPass.run(GraphPass.finishing, on: &graph, path: self.options.input)
      times[treatment] = try LayerTimes(graph, threads: self.options.threads, runs: 20)
    }
    for (index, layer) in sensitivity.layers.enumerated() {
      for (option, treatment) in options[index].enumerated() {
        var key = treatment
        if key.weights.isInteger { key.weights = .integer(bits: 8) }
        // Weights that are only stored as integers are multiplied as floats.
        if key.activations == .float32, key.pruning == nil { key = .none }
        sensitivity.layers[index].options[option].ms = times[key]?.milliseconds[layer.node]
      }
    }
  }

  /// The original's accuracy on the labelled data, where the goal asks for it.
  private func baseline(_ float: Graph, _ goal: SearchGoal) throws(ConvertError) -> Double? {
    guard goal.drop != nil else { return nil }
    return try FormMaker.accuracy(of: interpreter(float), options)
  }
}

/// Makes the form of a plan and measures what the goal asks for.
struct FormMaker {
  let float: Graph
  let means: [ValueID: [Float]]
  let parameters: [Quantization?]?
  let trial: Trial
  let goal: SearchGoal
  let options: ConversionOptions
  /// The original's top-1; nil where the goal does not ask.
  let baseline: Double?
  /// Puts constants into their smallest encodings.
  let encode: (inout Graph) -> Int
  /// Rounds weights so that outputs stay; nil where levels are the nearest ones.
  let round: Rounder?

  /// Rounds the weights of layers as a plan says.
  typealias Rounder = (inout Graph, [WeightedNode], CompressionPlan) throws(ConvertError) -> Void

  /// Bytes of the description that a file gets beside labels: passes and measurements.
  private static let description = 4_096

  /// Bytes of a file beside the weights of its layers.
  func besideBytes(_ sensitivity: Sensitivity) -> Int {
    let weights = sensitivity.layers.reduce(0) { $0 + ($1.options.first?.bytes ?? 0) }
    return max(0, fileBytes(float) - weights)
  }

  private func fileBytes(_ graph: Graph) -> Int {
    let labels = options.labels.reduce(0) { $0 + $1.utf8.count + 3 }
    let file = ModelWriter(Model(graph: graph, metadata: Bytes([])))
    return file.byteCount + labels + Self.description
  }

  /// Makes the form of `plan`; a final one is rounded with care, which takes time.
  func make(_ plan: CompressionPlan, isFinal: Bool) throws(ConvertError) -> PlanSearch.Form {
    let quantizer = Quantizer(plan: plan, correctsBias: options.biasCorrection != .off)
    var graph: Graph
    if isFinal, let round {
      graph = float
      quantizer.prune(&graph)
      let layers = float.weightedNodes(.none).filter { plan[$0.name].weights.isInteger }
      try round(&graph, layers, plan)
    } else {
      graph = quantizer.rounded(float, means)
    }
    if let parameters { graph = quantizer.quantized(graph, parameters) }
    _ = try GraphPass.run(GraphPass.finishing, on: &graph, path: options.input)
    _ = encode(&graph)
    let interpreter: Interpreter
    do throws(InterpreterError) {
      interpreter = try Interpreter(graph, threads: options.threads)
    } catch { throw .plan(path: options.input, error) }
    let error = try trial.error(of: interpreter)
    var step = SearchStep(
      bytes: fileBytes(graph),
      error: error.loss, agreement: error.agreement, ms: nil, drop: nil, isMet: true)
    if goal.ms != nil || goal.bytes == nil && goal.drop == nil {
      step.ms = try Self.milliseconds(interpreter)
    }
    if let baseline { step.drop = baseline - (try Self.accuracy(of: interpreter, options)) }
    step.isMet =
      goal.bytes.map { step.bytes <= $0 } ?? true && goal.ms.map { step.ms ?? 0 <= $0 } ?? true
      && goal.drop.map { step.drop ?? 0 <= $0 + 1e-9 } ?? true
    return PlanSearch.Form(plan: plan, graph: graph, step: step)
  }

  private static func milliseconds(_ interpreter: Interpreter) throws(ConvertError) -> Double {
    do throws(InterpreterError) {
      let seconds = TimedNetwork.interleaved(
        [try TimedNetwork(interpreter)], rounds: 1, runs: 25, warmup: 3)
      return Latency(seconds: seconds[0])?.median ?? 0
    } catch { throw .graph(error) }
  }

  /// Top-1 on the labelled data.
  static func accuracy(
    of interpreter: Interpreter, _ options: ConversionOptions
  ) throws(ConvertError) -> Double {
    let dataset: Dataset
    do throws(DatasetError) { dataset = try Dataset(path: options.data ?? "") } catch {
      throw .dataset(error)
    }
    let preprocessing = try SampleSet.preprocessing(options, interpreter, dataset)
    return try Accuracy.measure(
      interpreter, dataset, preprocessing: preprocessing, dropsFirstClass: options.dropsFirstClass
    ).top1
  }
}
