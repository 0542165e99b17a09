import Metadata

/// What each pass did and cost.
struct PassLog {
  /// For the report: with costs.
  private(set) var passes: [ConversionReport.Pass] = []
  /// For the file: with costs only where they were asked for, since they differ from run to run.
  private(set) var records: [Provenance.Pass] = []
  private let recordsCosts: Bool
  private var start = 0.0

  init(recordsCosts: Bool) { self.recordsCosts = recordsCosts }

  /// A pass begins now.
  mutating func begin() { start = ProcessCosts.now }

  /// The pass that began last has ended.
  mutating func end(
    _ name: String, options: [Entry] = [], samples: Int = 0, effect: String = ""
  ) {
    let seconds = ProcessCosts.now - start
    let peak = ProcessCosts.peakBytes
    passes.append(
      .init(
        name: name, seconds: seconds, peakRssBytes: peak, calibrationSamples: samples,
        effect: effect))
    records.append(
      Provenance.Pass(
        name: name, options: options, calibrationSamples: samples,
        seconds: recordsCosts ? seconds : 0, peakBytes: recordsCosts ? peak : 0, effect: effect))
  }
}
