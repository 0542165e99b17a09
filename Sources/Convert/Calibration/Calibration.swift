import Foundation
import ModelFormat

/// What samples say about the activations of one network: ranges to choose from, and means.
struct Calibration {
  /// What was observed of each value of the graph, by its position; nil for what is no float activation.
  let observers: [RangeObserver?]
  /// The mean of what layers read, by the value that they read.
  let means: [ValueID: [Float]]
  /// Samples that were looked at.
  let samples: Int
  /// Ranges that a cache file holds, by the position of the value; nil where samples were looked at.
  let cached: [ClosedRange<Float>?]?

  /// What `calibrator` has seen.
  init(_ calibrator: Calibrator) {
    observers = calibrator.observers
    means = calibrator.means
    samples = calibrator.sampleCount
    cached = nil
  }

  /// What was observed of the values of a graph.
  init(observers: [RangeObserver?], means: [ValueID: [Float]] = [:], samples: Int) {
    self.observers = observers
    self.means = means
    self.samples = samples
    cached = nil
  }

  /// What a cache says of the values of `graph`.
  init(_ cache: CalibrationCache, _ graph: Graph) {
    observers = []
    samples = cache.samples
    cached = graph.values.map { value in
      value.constant == nil ? cache.tensors[value.name].map { $0.low...$0.high } : nil
    }
    var means: [ValueID: [Float]] = [:]
    for (position, value) in graph.values.enumerated() where value.constant == nil {
      means[ValueID(position)] = cache.tensors[value.name]?.means
    }
    self.means = means
  }

  /// The range of each value under `rule`; those of the cache where there is one.
  func ranges(_ rule: RangeRule) -> [ClosedRange<Float>?] {
    cached ?? observers.map { $0.flatMap { RangeChoice.range($0, rule) } }
  }
}

/// Ranges and means in a file, so that the samples need not be run again.
struct CalibrationCache: Codable {
  /// What is known of one activation.
  struct Tensor: Codable {
    var low: Float
    var high: Float
    var means: [Float]?
  }

  var format = Self.formatName
  /// SHA-256 of the source file: ranges of another network are of no use.
  var source: String
  /// What was pruned before ranges were measured.
  var pruning: String
  var method: String
  var samples: Int
  /// What channels were divided by before ranges were measured, by the value's name.
  var factors: [String: [Float]]
  var tensors: [String: Tensor] = [:]

  static let formatName = "pare calibration 1"

  /// What `calibration` found of the values of `graph`, with the ranges that were chosen.
  init(
    source: String, pruning: String, method: String, factors: [String: [Float]],
    _ calibration: Calibration, _ ranges: [ClosedRange<Float>?], _ graph: Graph
  ) {
    self.source = source
    self.pruning = pruning
    self.method = method
    self.factors = factors
    samples = calibration.samples
    for (position, value) in graph.values.enumerated() {
      guard let range = ranges[position] else { continue }
      tensors[value.name] = Tensor(
        low: range.lowerBound, high: range.upperBound,
        means: calibration.means[ValueID(position)])
    }
  }

  /// Reads the cache at `path` and refuses one that was made for something else.
  init(path: String, source: String, pruning: String) throws(ConvertError) {
    let wayOut = "delete it, or name another file, to calibrate anew"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .cache(path, "cannot be read")
    }
    guard let cache = try? JSONDecoder().decode(CalibrationCache.self, from: data),
      cache.format == Self.formatName
    else { throw .cache(path, "is no calibration cache of this version; \(wayOut)") }
    guard cache.source == source else {
      throw .cache(path, "was made for another model; \(wayOut)")
    }
    guard cache.pruning == pruning else {
      throw .cache(
        path, "was made with --prune '\(cache.pruning)', not '\(pruning)'; \(wayOut)")
    }
    for (name, tensor) in cache.tensors {
      guard tensor.low.isFinite, tensor.high.isFinite, tensor.low <= tensor.high else {
        throw .cache(path, "'\(name)' has no range; \(wayOut)")
      }
    }
    self = cache
  }

  /// The bytes to write.
  func encoded() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    return ((try? encoder.encode(self)) ?? Data()).map { $0 }
  }
}
