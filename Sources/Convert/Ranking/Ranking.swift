import Interpreter
import ModelFormat

/// Compresses a model in several ways and ranks what comes of it: accuracy, time of a run, bytes, time
/// to compress.
public struct Ranking {
  /// What to measure, and how.
  public struct Settings: Sendable {
    /// What all methods have in common: input, calibration, preprocessing, threads.
    public var common: ConversionOptions
    /// The folder that artifacts are written to.
    public var folder: String
    /// Labelled data; nil compares with the original instead.
    public var data: String?
    /// The most samples to measure accuracy on; nil for all labelled ones, or 100 others.
    public var limit: Int?
    /// Runs of each network that count.
    public var runs = 50
    /// How much each criterion counts.
    public var weights = RankWeights()
    /// Whether artifacts stay.
    public var keepsArtifacts = false

    /// Settings for a ranking of what `common` say, with artifacts in `folder`.
    public init(common: ConversionOptions, folder: String) {
      self.common = common
      self.folder = folder
    }
  }

  private let settings: Settings
  private let progress: (Converter.Progress) -> Void
  private let update: (RankReport) -> Void
  private var report = RankReport()
  /// The networks that can be timed, by the name of their method.
  private var networks: [(name: String, network: TimedNetwork)] = []

  /// Tries `methods` one after the other, then times all results in turn.
  ///
  /// A method that fails is a row that says why. Time to compress is that of the whole conversion but
  /// for its proof, which the ranking makes itself.
  /// - Parameters:
  ///   - update: called with what there is whenever there is more.
  /// - Throws: `ConvertError` where the original cannot be read or measured.
  public static func run(
    _ methods: [RankMethod], _ settings: Settings,
    progress: @escaping (Converter.Progress) -> Void = { _ in },
    update: @escaping (RankReport) -> Void = { _ in }
  ) throws(ConvertError) -> RankReport {
    var ranking = Ranking(settings, progress, update)
    return try ranking.run(methods)
  }

  private init(
    _ settings: Settings, _ progress: @escaping (Converter.Progress) -> Void,
    _ update: @escaping (RankReport) -> Void
  ) {
    self.settings = settings
    self.progress = progress
    self.update = update
  }

  private mutating func run(_ methods: [RankMethod]) throws(ConvertError) -> RankReport {
    let threads = settings.common.threads
    report.model = settings.common.input
    report.threads = threads
    report.weights = settings.weights
    progress(.init(stage: "original", done: 0, total: 0))
    let original = try LoadedModel(
      path: settings.common.input, inputShapes: settings.common.inputShapes, threads: threads)
    report.original.bytes = original.byteCount
    let interpreter = try original.interpreter(threads: threads)
    var judge = try RankJudge(settings, original, interpreter, progress)
    report.data = settings.data ?? settings.common.calibration
    report.measure = judge.measure
    report.samples = judge.samples
    report.original.accuracy = judge.original
    report.warnings = judge.warnings
    for method in methods {
      report.rows.append(row(method, &judge))
      report.rank()
      update(report)
    }
    try time(interpreter)
    report.isComplete = true
    update(report)
    return report
  }

  /// Compresses as `method` says and measures all but the time of a run.
  private mutating func row(_ method: RankMethod, _ judge: inout RankJudge) -> RankReport.Row {
    var row = RankReport.Row(name: method.name, command: method.command)
    do throws(ConvertError) {
      var options = method.options
      options.output = settings.folder + "/" + method.fileName
      options.data = nil
      options.maximumDrop = nil
      options.isDryRun = false
      options.verificationSamples = 0
      options.checkpointSeconds = 0
      let progress = progress
      let result = try Converter.convert(options) {
        progress(.init(stage: "\(method.name): \($0.stage)", done: $0.done, total: $0.total))
      }
      report.original.bytes = result.input.bytes
      row.warnings = result.warnings
      row.seconds = result.seconds
      row.cpuSeconds = result.cpuSeconds
      row.calibrationSamples = result.passes.map { $0.calibrationSamples }.max() ?? 0
      if settings.keepsArtifacts { row.artifact = options.output }
      let loaded = try LoadedModel(path: options.output, threads: options.threads)
      let interpreter = try loaded.interpreter(threads: options.threads)
      let found = try judge.judge(interpreter) {
        progress(.init(stage: "\(method.name): accuracy", done: $0, total: $1))
      }
      row.accuracy = found.accuracy
      row.agreement = found.agreement
      row.hasCollapsed = found.hasCollapsed
      row.bytes = loaded.byteCount
      do throws(InterpreterError) {
        networks.append((method.name, try TimedNetwork(interpreter)))
      } catch { throw .graph(error) }
    } catch {
      row.error = error.description
    }
    return row
  }

  /// Times the original and all results in turn.
  private mutating func time(_ original: Interpreter) throws(ConvertError) {
    let baseline: TimedNetwork
    do throws(InterpreterError) { baseline = try TimedNetwork(original) } catch {
      throw .graph(error)
    }
    let rounds = min(Self.rounds, settings.runs)
    let runs = (settings.runs + rounds - 1) / rounds
    let names = networks.map(\.name)
    var report = report
    let (progress, update) = (progress, update)
    progress(.init(stage: "latency", done: 0, total: rounds))
    _ = TimedNetwork.interleaved([baseline] + networks.map(\.network), rounds: rounds, runs: runs) {
      round, seconds in
      report.runs = round * runs
      report.original.latencyMs = Latency(seconds: seconds[0])
      for (name, times) in zip(names, seconds.dropFirst()) {
        guard let index = report.rows.firstIndex(where: { $0.name == name }) else { continue }
        report.rows[index].latencyMs = Latency(seconds: times)
        if times.isEmpty { report.rows[index].error = "cannot be run on random numbers" }
      }
      report.rank()
      update(report)
      progress(.init(stage: "latency", done: round, total: rounds))
    }
    if let times = report.original.latencyMs, times.p90 > Self.quiet * times.p10 {
      let ratio = (10 * times.p90 / times.p10).rounded() / 10
      report.warnings.append(
        "the machine was busy: a tenth of the original's runs took over \(ratio) times as long as the "
          + "fastest tenth; times and their ranks say little")
    }
    self.report = report
  }

  /// How far runs of one network lie apart on a machine that does nothing else, and then some.
  private static let quiet = 1.5

  /// Turns that each network gets: enough that a busy moment of the machine hits few of its runs.
  private static let rounds = 10
}
