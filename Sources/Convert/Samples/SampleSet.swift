import Datasets
import Interpreter
import ModelFormat

/// The samples that a conversion looks at: those given, or random ones from a seed.
struct SampleSet {
  /// Where they come from: `calibration`, `data` or `random`.
  let kind: String
  /// The preprocessing that images get.
  let preprocessing: Preprocessing?
  private var notes: [String] = []
  /// Samples that could not be read so far, by their index, and why.
  private var unreadable: [Int: String] = [:]
  let dataset: Dataset?
  private let random: RandomSamples
  /// Random samples that the network cannot compute with.
  private var unfit: Set<Int> = []
  private let limit: Int
  /// Which of every so many samples this set has; nil for all.
  private var share: Share?

  /// Looks at each image: one, or several that differ.
  private var views = 1
  let seed: UInt64

  private struct Share {
    let period: Int
    /// Whether it has one of a period, or the others.
    let isOne: Bool
  }

  init(_ options: ConversionOptions, _ graph: Graph) throws(ConvertError) {
    random = RandomSamples(seed: options.seed)
    seed = options.seed
    limit = options.samples ?? Int.max
    let shape = graph.inputs.first.flatMap { graph[$0].shape } ?? []
    guard let path = options.calibration ?? options.data else {
      kind = "random"
      dataset = nil
      preprocessing = options.preprocessing
      return
    }
    kind = options.calibration == nil ? "data" : "calibration"
    let opened: Dataset
    do throws(DatasetError) { opened = try Dataset(path: path, splitBatch: true) } catch {
      throw .dataset(error)
    }
    dataset = opened
    guard let stated = options.preprocessing else {
      let isImages = try Self.holdsImages(opened)
      preprocessing = isImages ? Preprocessing.guess(for: shape) : nil
      if isImages {
        guard let preprocessing else { throw .needsPreprocessing(shape) }
        notes.append(
          "no --preprocess given: images are prepared as '\(preprocessing.name)' for an input of "
            + "\(shape)")
      }
      return
    }
    preprocessing = stated
  }

  /// What the user should know; complete once the last sample was loaded.
  var warnings: [String] {
    guard let dataset, let first = unreadable.min(by: { $0.key < $1.key }) else { return notes }
    return notes + [
      "\(unreadable.count) of \(dataset.count) samples could not be read and were left out; "
        + "the first: \(first.value)"
    ]
  }

  /// The preprocessing for labelled data that `interpreter` takes.
  static func preprocessing(
    _ options: ConversionOptions, _ interpreter: Interpreter, _ dataset: Dataset
  ) throws(ConvertError) -> Preprocessing? {
    try preprocessing(options, interpreter.inputs.first?.shape ?? [], dataset)
  }

  /// The preprocessing for labelled data: as stated, or as the `shape` of the input suggests.
  static func preprocessing(
    _ options: ConversionOptions, _ shape: Shape, _ dataset: Dataset
  ) throws(ConvertError) -> Preprocessing? {
    if let stated = options.preprocessing { return stated }
    guard try holdsImages(dataset) else { return nil }
    guard let guess = Preprocessing.guess(for: shape) else { throw .needsPreprocessing(shape) }
    return guess
  }

  /// Whether the first sample that can be read is an image.
  private static func holdsImages(_ dataset: Dataset) throws(ConvertError) -> Bool {
    for index in dataset.indices(first: 16) {
      guard let sample = try? dataset.sample(at: index) else { continue }
      if case .image = sample.content { return true }
      return false
    }
    return false
  }

  /// Leaves out those of the first `count` random samples that `interpreter` cannot compute with.
  ///
  /// Where an input decides a shape, most numbers make none that fits.
  mutating func leaveOutUnfit(of count: Int, for interpreter: Interpreter) {
    guard dataset == nil, interpreter.dependsOnData else { return }
    for index in 0..<min(count, max(1, limit)) {
      random.load(index, into: interpreter)
      do throws(InterpreterError) { try interpreter.run() } catch { unfit.insert(index) }
    }
    if unfit.isEmpty { return }
    notes.append(
      "\(unfit.count) random samples have no shape that fits the network, and were left out; "
        + "--calibration gives real ones")
  }

  /// The set in two parts: samples to fit to, and one of `period` held back to judge by.
  ///
  /// Too few samples to take any away are in both parts.
  func split(period: Int) -> (fit: SampleSet, judge: SampleSet) {
    guard let dataset, min(limit, dataset.count) >= 4 * period else { return (self, self) }
    var (fit, judge) = (self, self)
    fit.share = Share(period: period, isOne: false)
    judge.share = Share(period: period, isOne: true)
    return (fit, judge)
  }

  /// The set with several looks at each image, where there are fewer than `wanted`; at most `most` of each.
  func enriched(to wanted: Int, most: Int = 6) -> SampleSet {
    guard let dataset, preprocessing != nil else { return self }
    var set = self
    let count = max(1, numbers(.max, of: dataset.count).count)
    set.views = max(1, min(most, (wanted + count - 1) / count))
    return set
  }

  /// The samples of this set in its data set, in order.
  var indices: [Int] {
    guard let dataset else { return [] }
    var set = self
    set.views = 1
    return set.numbers(.max, of: dataset.count).map(\.sample)
  }

  /// Different samples: several looks at one are one; as many as one likes where they are random.
  var sourceCount: Int { dataset == nil ? .max : indices.count }

  /// The numbers of up to `wanted` looks at samples, spread evenly over those that there are.
  private func numbers(_ wanted: Int, of count: Int) -> [(sample: Int, view: Int)] {
    var samples = Dataset.spread(limit, over: count)
    if let share {
      samples = samples.enumerated()
        .filter { ($0.offset % share.period == share.period / 2) == share.isOne }
        .map(\.element)
    }
    // First all images, then all of them again.
    return (0..<views).flatMap { view in
      let total = min(wanted, samples.count * views)
      let part = total * (view + 1) / views - total * view / views
      return Dataset.spread(part, over: samples.count).map { (samples[$0], view) }
    }
  }

  /// Loads up to `limit` samples one after the other into `interpreter` and calls `body` after each.
  ///
  /// Samples that cannot be read are left out with one warning; with none readable it is an error.
  /// - Parameters:
  ///   - wanted: how many samples, spread evenly over the data set.
  ///   - first: how many of those, from the start; nil for all.
  /// - Returns: how many were loaded.
  mutating func forEach(
    limit wanted: Int, first: Int? = nil, into interpreter: Interpreter,
    _ body: (Int) throws(ConvertError) -> Void
  ) throws(ConvertError) -> Int {
    guard let dataset else {
      var loaded = 0
      for index in 0..<min(wanted, max(1, limit)) where !unfit.contains(index) {
        if loaded == first { break }
        random.load(index, into: interpreter)
        try body(loaded)
        loaded += 1
      }
      return loaded
    }
    let feed: SampleFeed
    do throws(DatasetError) {
      feed = try SampleFeed(dataset, into: interpreter, preprocessing: preprocessing)
    } catch { throw .dataset(error) }
    var loaded = 0
    for (index, view) in numbers(wanted, of: dataset.count) {
      if loaded == first { break }
      do throws(DatasetError) {
        let look = ImageView(view, of: index, seed: seed)
        for item in 0..<feed.batch {
          _ = try feed.load(index, item: item, view: look, into: interpreter)
        }
      } catch {
        unreadable[index] = "\(error)"
        continue
      }
      try body(loaded)
      loaded += 1
    }
    if loaded == 0, first != 0 {
      let reason = unreadable.min { $0.key < $1.key }
      throw .noSamples(dataset.path + (reason.map { ": " + $0.value } ?? ""))
    }
    return loaded
  }
}
