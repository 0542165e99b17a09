import Metadata

/// What each pass did and cost.
struct PassLog {
  /// For the report: with costs.
  private(set) var passes: [ConversionReport.Pass] = []
  /// For the file: with costs only where they were asked for, since they differ from run to run.
  private(set) var records: [Provenance.Pass] = []
  private let recordsCosts: Bool
  private var start = Costs()

  /// What the process has cost up to some moment.
  private struct Costs {
    let seconds = ProcessCosts.now
    let processorSeconds = ProcessCosts.processorSeconds
    let peakBytes = ProcessCosts.peakBytes
  }

  init(recordsCosts: Bool) { self.recordsCosts = recordsCosts }

  /// A pass begins now.
  mutating func begin() { start = Costs() }

  /// The pass that began last has ended.
  mutating func end(
    _ name: String, options: [Entry] = [], samples: Int = 0, effect: String = ""
  ) {
    let end = Costs()
    let seconds = end.seconds - start.seconds
    passes.append(
      .init(
        name: name, seconds: seconds,
        cpuSeconds: end.processorSeconds - start.processorSeconds,
        peakRssBytes: end.peakBytes, peakGrowthBytes: end.peakBytes - start.peakBytes,
        calibrationSamples: samples, effect: effect))
    records.append(
      Provenance.Pass(
        name: name, options: options, calibrationSamples: samples,
        seconds: recordsCosts ? seconds : 0, peakBytes: recordsCosts ? end.peakBytes : 0,
        effect: effect))
  }
}
