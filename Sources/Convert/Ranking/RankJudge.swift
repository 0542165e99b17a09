import Datasets
import Interpreter
import ModelFormat

/// Measures how good compressed networks are: on labels, or by closeness to the original.
struct RankJudge {
  /// What was found of one network.
  struct Finding {
    var accuracy: Double
    /// The part of samples on which it predicts what the original does; nil without class scores.
    var agreement: Double?
    var hasCollapsed: Bool
  }

  /// What the figures are.
  let measure: RankReport.Measure
  /// Samples that they are measured on.
  let samples: Int
  /// The original's accuracy.
  let original: Double
  /// What the user should know.
  let warnings: [String]
  private let settings: Ranking.Settings
  private let reference: Interpreter
  /// The original's predictions on labelled data.
  private let predictions: Accuracy?
  private let labelled: Dataset?
  private let options: ConversionOptions
  private var set: SampleSet

  /// Runs the original where labels are given.
  init(
    _ settings: Ranking.Settings, _ reference: LoadedModel, _ interpreter: Interpreter,
    _ progress: (Converter.Progress) -> Void
  ) throws(ConvertError) {
    self.settings = settings
    self.reference = interpreter
    var options = settings.common
    // The labelled data have all to say; without them, samples are those of calibration.
    options.data = nil
    self.options = options
    var set = try SampleSet(options, reference.graph)
    if let path = settings.data {
      let dataset: Dataset
      do throws(DatasetError) { dataset = try Dataset(path: path, splitBatch: true) } catch {
        throw .dataset(error)
      }
      labelled = dataset
      let found = try Self.accuracy(interpreter, dataset, settings, options) {
        progress(.init(stage: "original: accuracy", done: $0, total: $1))
      }
      predictions = found
      measure = .top1
      original = found.top1
      samples = found.predictions.count
      var warnings: [String] = []
      if let first = found.unreadable.first {
        warnings.append(
          "\(found.unreadable.count) samples of \(path) could not be read; the first: \(first)")
      }
      if options.preprocessing == nil,
        let guess = try SampleSet.preprocessing(options, interpreter, dataset)
      {
        warnings.append(
          "no --preprocess given: images are prepared as '\(guess.name)' for an input of "
            + "\(interpreter.inputs[0].shape)")
      }
      self.warnings = warnings
    } else {
      labelled = nil
      predictions = nil
      let wanted = settings.limit ?? Self.usualSamples
      set.leaveOutUnfit(of: wanted, for: interpreter)
      samples = try set.forEach(limit: wanted, into: interpreter) { _ in }
      measure = interpreter.outputs.first?.isClassScores == true ? .agreement : .cosine
      original = 1
      warnings = set.warnings
    }
    self.set = set
  }

  /// Measures one network.
  mutating func judge(
    _ interpreter: Interpreter, _ progress: (Int, Int) -> Void
  ) throws(ConvertError) -> Finding {
    if let labelled, let predictions {
      let found = try Self.accuracy(interpreter, labelled, settings, options, progress)
      let agreement = found.agreement(with: predictions)
      return Finding(accuracy: found.top1, agreement: agreement, hasCollapsed: agreement < 0.5)
    }
    var comparison = OutputComparison()
    let (reference, total) = (reference, samples)
    _ = try set.forEach(limit: settings.limit ?? Self.usualSamples, into: reference) {
      index throws(ConvertError) in
      interpreter.copyInputs(of: reference)
      try reference.compute()
      try interpreter.compute()
      comparison.compare(reference.floats(), interpreter.floats(), reference.outputs)
      progress(index + 1, total)
    }
    let agreement = comparison.isClassification ? comparison.top1Agreement : nil
    return Finding(
      accuracy: measure == .agreement ? comparison.top1Agreement : comparison.cosine,
      agreement: agreement, hasCollapsed: comparison.hasCollapsed)
  }

  private static func accuracy(
    _ interpreter: Interpreter, _ dataset: Dataset, _ settings: Ranking.Settings,
    _ options: ConversionOptions, _ progress: (Int, Int) -> Void
  ) throws(ConvertError) -> Accuracy {
    try Accuracy.measure(
      interpreter, dataset,
      preprocessing: SampleSet.preprocessing(options, interpreter, dataset),
      limit: settings.limit, dropsFirstClass: options.dropsFirstClass, progress: progress)
  }

  /// Samples where nobody says how many.
  private static let usualSamples = 100
}
