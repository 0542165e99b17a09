public import Datasets
public import Interpreter
public import ModelFormat

/// How often a classifier is right on labelled samples.
public struct Accuracy: Sendable {
  /// One sample's outcome.
  public struct Prediction: Sendable, Hashable {
    /// The sample's name.
    public let sample: String
    /// The class it belongs to.
    public let label: Int
    /// The class with the largest output.
    public let top1: Int
    /// The largest output minus the second largest.
    public let margin: Float
    /// Whether the label is among the five largest outputs.
    public let isInTop5: Bool
  }

  /// The outcomes, in the order of the data.
  public internal(set) var predictions: [Prediction] = []
  /// Samples that could not be read, one line each.
  public internal(set) var unreadable: [String] = []

  /// The fraction of samples whose class has the largest output.
  public var top1: Double { fraction { $0.top1 == $0.label } }
  /// The fraction of samples whose class is among the five largest outputs.
  public var top5: Double { fraction(\.isInTop5) }

  private func fraction(_ isRight: (Prediction) -> Bool) -> Double {
    predictions.isEmpty ? 0 : Double(predictions.count(where: isRight)) / Double(predictions.count)
  }

  /// The fraction of samples for which both predict the same class.
  public func agreement(with other: Accuracy) -> Double {
    guard !predictions.isEmpty else { return 0 }
    let same = zip(predictions, other.predictions).count { $0.top1 == $1.top1 }
    return Double(same) / Double(predictions.count)
  }

  /// Measures `interpreter` on the first `limit` samples of `dataset`.
  ///
  /// A fixed batch is filled with different samples. Unreadable samples are left out and listed.
  ///
  /// - Throws: `ConvertError` where samples have no labels, do not fit, or none can be read.
  public static func measure(
    _ interpreter: Interpreter, _ dataset: Dataset, preprocessing: Preprocessing?,
    limit: Int? = nil, dropsFirstClass: Bool = false,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ConvertError) -> Accuracy {
    let feed: SampleFeed
    do throws(DatasetError) {
      feed = try SampleFeed(dataset, into: interpreter, preprocessing: preprocessing)
    } catch { throw .dataset(error) }
    let count = min(limit ?? dataset.count, dataset.count)
    var accuracy = Accuracy()
    var pending: [(name: String, label: Int)] = []
    for index in 0..<count {
      do throws(DatasetError) {
        let name = try dataset.name(at: index)
        guard let label = try feed.load(index, item: pending.count, into: interpreter) else {
          throw DatasetError.badLabel(name: name)
        }
        pending.append((name, label))
      } catch {
        if case .badLabel = error { throw .unlabelled(dataset.path) }
        accuracy.unreadable.append("\(error)")
      }
      if pending.count == feed.batch || index == count - 1, !pending.isEmpty {
        try interpreter.compute()
        accuracy.record(pending, interpreter.floats(0), feed.batch, dropsFirstClass)
        pending.removeAll()
        progress(index + 1, count)
      }
    }
    guard !accuracy.predictions.isEmpty else { throw .noSamples(dataset.path) }
    return accuracy
  }

  private mutating func record(
    _ samples: [(name: String, label: Int)], _ scores: [Float], _ batch: Int,
    _ dropsFirstClass: Bool
  ) {
    let length = scores.count / batch
    for (item, sample) in samples.enumerated() {
      let start = item * length + (dropsFirstClass ? 1 : 0)
      let row = Array(scores[start..<((item + 1) * length)])
      let order = row.indices.sorted { (row[$1], $0) < (row[$0], $1) }
      guard let best = order.first else { continue }
      predictions.append(
        Prediction(
          sample: sample.name, label: sample.label, top1: best,
          margin: order.count > 1 ? row[best] - row[order[1]] : row[best],
          isInTop5: order.prefix(5).contains(sample.label)))
    }
  }
}
