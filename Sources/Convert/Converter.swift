import Datasets
import Interpreter
import Metadata
import ModelFormat
import Ship

/// The way from an ONNX file to a `.pare` file: import, clean up, calibrate, compress, write, prove.
public struct Converter {
  /// Something that a conversion has come to; for progress displays.
  public struct Progress: Sendable {
    /// What is being done.
    public let stage: String
    /// Parts that are done.
    public let done: Int
    /// Parts in all; zero where it is not known.
    public let total: Int
    /// How it goes, in words that change; empty where there is nothing to say.
    public let detail: String
    /// Whether `stage` is no stage but something that the user should know now.
    public private(set) var isNotice = false

    /// A stage of which `done` of `total` parts are done.
    public init(stage: String, done: Int, total: Int, detail: String = "") {
      self.detail = detail
      self.stage = stage
      self.done = done
      self.total = total
    }

    /// Something that the user should know now.
    static func notice(_ text: String) -> Progress {
      var progress = Progress(stage: text, done: 0, total: 0)
      progress.isNotice = true
      return progress
    }
  }

  private let options: ConversionOptions
  private let progress: (Progress) -> Void
  private let memory: MemoryPolicy
  private let stop: StopSignal
  /// What mapped files had lost when the conversion began.
  private let losses = MappedFile.losses
  /// Whether the network is too large for its weights to be in memory all at once.
  private var isLarge = false
  private var log: PassLog
  private var report = ConversionReport()

  /// The version in provenance and in `--version`.
  public static let version = "0.1.0"

  private init(
    _ options: ConversionOptions, _ stop: StopSignal, _ progress: @escaping (Progress) -> Void
  ) {
    self.options = options.forTraining
    self.stop = stop
    self.progress = progress
    memory = MemoryPolicy(options)
    log = PassLog(recordsCosts: options.recordsCosts)
  }

  /// Converts as `options` say and reports what came of it.
  ///
  /// The result is written even where it has collapsed or misses a target: the report says so.
  ///
  /// - Parameter stop: ends a search early, with the best that it has; that of the time limit unless given.
  /// - Throws: `ConvertError`; then nothing was written.
  public static func convert(
    _ options: ConversionOptions, stop: StopSignal? = nil,
    progress: @escaping (Progress) -> Void = { _ in }
  ) throws(ConvertError) -> ConversionReport {
    var converter = Converter(options, stop ?? StopSignal(after: options.timeLimit), progress)
    return try converter.run()
  }

  private mutating func run() throws(ConvertError) -> ConversionReport {
    let (start, work) = (ProcessCosts.now, ProcessCosts.processorSeconds)
    if !options.isDryRun {
      do throws(FileError) { try AtomicFile.requireWritable(options.output) } catch {
        throw .file(error)
      }
      guard !AtomicFile.isSameFile(options.input, options.output) else {
        throw .wouldReplaceSource(options.input)
      }
    }
    let source = try load()
    // What passes make of the weights of a large network goes to a file beside the output.
    let store = isLarge ? SpillStore(folder: AtomicFile.folder(of: options.output)) : nil
    try SpillStore.with(store) { () throws(ConvertError) in try convert(source) }
    report.passes = log.passes
    report.seconds = ProcessCosts.now - start
    report.cpuSeconds = ProcessCosts.processorSeconds - work
    report.peakRssBytes = ProcessCosts.peakBytes
    return report
  }

  private mutating func convert(_ source: ONNXSource) throws(ConvertError) {
    let filter = try NodeFilter(matching: options.exclude)
    let (source, imported) = try cleanUp(source)
    var samples = try SampleSet(options, imported)

    var compressor = Compressor(
      options: options, filter: filter, source: source.source.sha256.hexadecimal, log: log,
      stop: stop, progress: progress)
    let graph = try compressor.compress(imported, &samples)
    let baseline = try fused(imported)
    log = compressor.log
    report.leftInFloat = compressor.left.map { .init(node: $0.node, reason: $0.reason) }
    report.warnings += compressor.warnings
    report.hints += compressor.hints
    report.search = compressor.searchReport
    report.choices = compressor.choices
    report.resumed = compressor.checkpoints?.resumed
    describe(graph)

    // One network at a time is planned, so that packed weights are in memory once.
    let before = try observe(
      finished(baseline), options.input, "original", &samples, isOriginal: true)
    try checkRewrites(imported, before, &samples)
    let after = try observe(graph, options.output, "result", &samples)
    report.arenaBytes = after.arenaBytes
    try judge(before, after, compressor.reference ?? baseline, graph, &samples)

    var metadata = metadata(source, samples)
    metadata.golden = after.golden
    let model = Model(graph: graph, metadata: metadata.encoded(), release: options.release)
    try write(model, proof: after.proof, &samples)
    compressor.checkpoints?.remove()
    report.warnings += samples.warnings + (compressor.checkpoints?.warnings ?? [])
    let isTooLarge = options.targetBytes.map { report.output.bytes > $0 } ?? false
    if isTooLarge || report.search?.isMet == false { report.missedTarget = true }
    if report.hasCollapsed || report.isLarger { explain() }
  }

  private mutating func load() throws(ConvertError) -> ONNXSource {
    progress(Progress(stage: "import", done: 0, total: 0))
    log.begin()
    let source = try ONNXSource(path: options.input, inputShapes: options.inputShapes)
    report.warnings += source.imported.warnings
    log.end("import", effect: "\(source.graph.nodes.count) nodes, opset \(source.imported.opset)")
    try memory.requireLargest(of: source.graph)
    isLarge = !memory.fits(source.graph)
    return source
  }

  private mutating func cleanUp(_ source: ONNXSource) throws(ConvertError) -> (SourceFacts, Graph) {
    log.begin()
    let facts = try SourceFacts(options.input, source)
    report.input = .init(path: options.input, bytes: facts.source.bytes)
    var graph = source.graph
    let changes = try GraphPass.run(GraphPass.normalization, on: &graph, path: options.input)
    var effects: [String] = []
    for change in changes where change.changes > 0 {
      effects.append("\(change.name) \(change.changes)")
    }
    log.end("clean up", effect: effects.joined(separator: ", "))
    report.input.totals = GraphTotals(graph)
    return (facts, graph)
  }

  /// The float network with several nodes made one, as compression sees it.
  private func fused(_ graph: Graph) throws(ConvertError) -> Graph {
    var graph = graph
    _ = try GraphPass.run(
      GraphPass.folding + GraphPass.fusion, on: &graph, path: options.input)
    return graph
  }

  /// The float network as it runs best.
  private func finished(_ graph: Graph) throws(ConvertError) -> Graph {
    var graph = graph
    _ = try GraphPass.run(GraphPass.finishing, on: &graph, path: options.input)
    return graph
  }

  /// Makes `graph` ready to run; a large one runs node by node unless `isWhole`.
  private func plan(
    _ graph: Graph, _ path: String, isWhole: Bool = false
  ) throws(ConvertError) -> Interpreter {
    do throws(InterpreterError) {
      return try Interpreter(
        graph, threads: options.threads, isStreaming: isLarge && !isWhole)
    } catch { throw .plan(path: path, error) }
  }

  /// Samples to verify with: running a large network takes as long as reading all of it.
  private var verificationSamples: Int {
    isLarge ? min(1, options.verificationSamples) : options.verificationSamples
  }

  private mutating func describe(_ graph: Graph) {
    report.totals = GraphTotals(graph)
    for value in graph.values {
      if let tensor = value.constant { report.encodings[tensor.encoding.name, default: 0] += 1 }
    }
  }

  /// What one network computes on the samples.
  private struct Observation {
    var outputs: [[[Float]]] = []
    var proof: [[UInt8]] = []
    var golden: Golden?
    var accuracy: Accuracy?
    var arenaBytes = 0
    var ports: [Interpreter.Port] = []
  }

  /// Runs a network on the verification samples and on the labelled data.
  private mutating func observe(
    _ graph: Graph, _ path: String, _ name: String, _ samples: inout SampleSet,
    isOriginal: Bool = false
  ) throws(ConvertError) -> Observation {
    let interpreter = try plan(graph, path)
    var observation = Observation()
    observation.arenaBytes = interpreter.arenaBytes
    observation.ports = interpreter.outputs
    let total = verificationSamples
    if total > 0 {
      if isOriginal { samples.leaveOutUnfit(of: total, for: interpreter) }
      let progress = progress
      _ = try samples.forEach(limit: total, into: interpreter) { index throws(ConvertError) in
        progress(Progress(stage: "verify \(name)", done: index, total: total))
        try interpreter.compute()
        observation.outputs.append(interpreter.floats())
        if observation.proof.count < 4 { observation.proof.append(interpreter.outputBytes()) }
      }
    }
    if !isOriginal, !isLarge { observation.golden = GoldenCheck.record(interpreter) }
    if let data = options.data {
      // Unless the user has said how much memory there is, time counts for more.
      let whole = isLarge && !memory.isStated ? try plan(graph, path, isWhole: true) : interpreter
      observation.accuracy = try accuracy(of: whole, data, "accuracy of \(name)")
    }
    return observation
  }

  /// Compares the rewritten original with the graph as it was imported, node by node, on two samples.
  ///
  /// What is measured against the original is worth nothing if rewriting has changed the original.
  private func checkRewrites(
    _ imported: Graph, _ original: Observation, _ samples: inout SampleSet
  ) throws(ConvertError) {
    guard !original.outputs.isEmpty else { return }
    let interpreter = try plan(imported, options.input)
    var comparison = OutputComparison()
    _ = try samples.forEach(
      limit: verificationSamples, first: min(2, original.outputs.count), into: interpreter
    ) { index throws(ConvertError) in
      try interpreter.compute()
      comparison.compare(interpreter.floats(), original.outputs[index], interpreter.outputs)
    }
    // Where values are rounded, the last bit of a sum decides steps: only the direction is compared.
    let rounds = [
      "QuantizeLinear", "DynamicQuantizeLinear", "Round", "Floor", "Ceil", "ArgMax", "TopK",
    ]
    let isDiscrete = imported.nodes.contains { rounds.contains($0.op) }
    let isSame =
      comparison.maximumError <= 1e-3 * comparison.largest + 1e-6
      || isDiscrete && comparison.cosine >= 0.9
    guard isSame, comparison.notFinite == 0, comparison.otherShapes == 0 else {
      throw .rewritesDiffer(path: options.input, error: comparison.maximumError)
    }
  }

  private func accuracy(
    of interpreter: Interpreter, _ path: String, _ stage: String
  ) throws(ConvertError) -> Accuracy {
    let dataset: Dataset
    do throws(DatasetError) { dataset = try Dataset(path: path) } catch { throw .dataset(error) }
    let preprocessing = try SampleSet.preprocessing(options, interpreter, dataset)
    let progress = progress
    return try Accuracy.measure(
      interpreter, dataset, preprocessing: preprocessing,
      dropsFirstClass: options.dropsFirstClass
    ) { progress(Progress(stage: stage, done: $0, total: $1)) }
  }

  /// Compares what both networks computed.
  private mutating func judge(
    _ before: Observation, _ after: Observation, _ baseline: Graph, _ graph: Graph,
    _ samples: inout SampleSet
  ) throws(ConvertError) {
    if let original = before.accuracy, let result = after.accuracy {
      report.accuracy = .init(
        before: original.top1, after: result.top1, samples: result.predictions.count,
        unreadable: result.unreadable.count)
      if let limit = options.maximumDrop {
        report.missedTarget = original.top1 - result.top1 > limit + 1e-9
      }
      if let first = result.unreadable.first {
        report.warnings.append(
          "\(result.unreadable.count) samples of \(options.data ?? "") could not be read; the first: "
            + first)
      }
    }
    guard verificationSamples > 0 else { return }
    if isLarge {
      report.warnings.append(
        "the network is large: it was verified on one sample, node by node; --max-memory allows more"
      )
    }
    var comparison = OutputComparison()
    for (original, result) in zip(before.outputs, after.outputs) {
      comparison.compare(original, result, before.ports)
    }
    report.hasCollapsed = comparison.hasCollapsed
    if comparison.foundNothingFinite {
      report.warnings.append(
        "the original gives no finite number on these samples: nothing could be compared")
    }
    if comparison.otherShapes > 0 {
      report.warnings.append(
        "\(comparison.otherShapes) outputs have other shapes than the original's, and are not in the "
          + "figures of the comparison")
    }
    report.verification = .init(
      samples: comparison.samples, source: samples.kind, maxAbs: comparison.maximumError,
      meanAbs: comparison.meanError, largest: comparison.largest, cosine: comparison.cosine,
      top1Agreement: comparison.top1Agreement, isClassification: comparison.isClassification,
      blame: report.hasCollapsed && !isLarge ? try blame(baseline, graph, &samples) : [])
  }

  /// The layers that add the most error.
  private func blame(
    _ baseline: Graph, _ graph: Graph, _ samples: inout SampleSet
  ) throws(ConvertError) -> [ConversionReport.Blame] {
    let original = try plan(baseline, options.input)
    let compressed = try plan(graph, options.output)
    var errors = LayerErrors(baseline)
    _ = try samples.forEach(limit: 4, into: original) { _ throws(ConvertError) in
      try errors.compare(original, compressed, graph)
    }
    return errors.ranked().prefix(5).map { layer in
      let node = graph.nodes.first { $0.name == layer.node }
      let density = node.map { GraphTotals.density($0, graph) } ?? 1
      return .init(node: layer.node, growth: layer.growth, zeros: 1 - density)
    }
  }

  private func metadata(_ source: SourceFacts, _ samples: SampleSet) -> Metadata {
    var metadata = source.metadata
    metadata.preprocessing = options.preprocessing ?? samples.preprocessing
    metadata.labels = options.labels
    var provenance = Provenance()
    provenance.tool = "pare"
    provenance.toolVersion = Self.version
    provenance.source = source.source
    provenance.passes = log.records
    provenance.sourceParameters = report.input.totals?.parameters ?? 0
    provenance.sourceMultiplyAccumulates = report.input.totals?.macs ?? 0
    if let proof = report.verification {
      provenance.measurements.append(
        .init("top1_agreement", before: 1, after: proof.top1Agreement, samples: proof.samples))
      provenance.measurements.append(
        .init("cosine", before: 1, after: proof.cosine, samples: proof.samples))
    }
    if let accuracy = report.accuracy {
      provenance.measurements.append(
        .init("top1", before: accuracy.before, after: accuracy.after, samples: accuracy.samples))
    }
    metadata.provenance = provenance
    return metadata
  }

  /// Writes the file, opens it again and runs it: what was verified is what was written.
  private mutating func write(
    _ model: Model, proof: [[UInt8]], _ samples: inout SampleSet
  ) throws(ConvertError) {
    let writer = ModelWriter(model)
    report.output = .init(path: options.output, bytes: writer.byteCount)
    // A record or two more than the source is no news.
    report.isLarger = writer.byteCount > report.input.bytes + report.input.bytes / 100
    guard !options.isDryRun else {
      report.isDryRun = true
      return
    }
    progress(Progress(stage: "write", done: 0, total: 0))
    log.begin()
    // What cannot be read back must not replace what was there.
    var problem: ConvertError?
    do throws(FileError) {
      try AtomicFile.write(to: options.output) { path in
        do throws(ConvertError) { try prove(path, proof, &samples) } catch { problem = error }
        return problem == nil
      } _: { (sink) throws(FileError) in
        try writer.write(to: sink)
        guard MappedFile.losses == losses else {
          throw .lost(path: "a file that \(options.output) is made of")
        }
      }
    } catch { throw .file(error) }
    if let problem { throw problem }
    log.end(
      "write",
      effect: proof.isEmpty
        ? "not verified" : "opened again and run on \(proof.count) samples: the same bits")
  }

  /// Opens the written file, which lies at `path` until it is in its place, and runs it.
  private mutating func prove(
    _ path: String, _ proof: [[UInt8]], _ samples: inout SampleSet
  ) throws(ConvertError) {
    let file: ModelFile
    do throws(OpenError) { file = try ModelReader.open(path: path) } catch {
      if case .model(_, let broken) = error {
        throw .opening(.model(path: options.output, broken))
      }
      throw .opening(error)
    }
    report.output.bytes = file.byteCount
    report.output.digest = file.digest.hexadecimal
    guard !proof.isEmpty else { return }
    let interpreter = try plan(file.model.graph, options.output)
    var difference: Int?
    _ = try samples.forEach(
      limit: verificationSamples, first: proof.count, into: interpreter
    ) { index throws(ConvertError) in
      try interpreter.compute()
      if interpreter.outputBytes() != proof[index] { difference = index }
    }
    if let difference {
      throw .writtenFileDiffers(path: options.output, "on sample \(difference)")
    }
  }

  /// Says in words what is wrong with the result.
  private mutating func explain() {
    if report.isLarger {
      report.warnings.append(
        "the result is larger than the source: \(report.output.bytes) bytes against "
          + "\(report.input.bytes)")
    }
    guard report.hasCollapsed, let proof = report.verification else { return }
    let layers = proof.blame.map { layer in
      "'\(layer.node)' (\(Int((layer.zeros * 100).rounded())) % zeros)"
    }
    report.warnings.append(
      "the result has collapsed: "
        + (proof.isClassification
          ? "it predicts the original's class on \(Int((proof.top1Agreement * 100).rounded())) % of "
            + "\(proof.samples) samples"
          : "the cosine between its outputs and the original's is \(proof.cosine.tenths)")
        + "; the layers that add the most error are " + layers.joined(separator: ", ")
        + "; compress less, or keep layers out with --exclude")
  }
}
