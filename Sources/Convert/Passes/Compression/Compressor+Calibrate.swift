import Foundation
import Interpreter
import Metadata
import ModelFormat

/// What samples say of a network before it is quantized.
extension Compressor {
  /// The cache of an earlier calibration; nil where there is none yet.
  mutating func cache() throws(ConvertError) -> CalibrationCache? {
    guard let path = options.calibrationCache, FileManager.default.fileExists(atPath: path) else {
      guard options.calibration != nil else {
        throw .cache(
          options.calibrationCache ?? "", "is not there, and cannot be made without --calibration")
      }
      return nil
    }
    log.begin()
    let cache = try CalibrationCache(path: path, source: source, pruning: pruningText)
    log.end(
      "calibrate", options: [Entry("calibration-cache", "read")],
      effect:
        "ranges of \(cache.tensors.count) activations by \(cache.samples) samples, from \(path)")
    return cache
  }

  private var pruningText: String { options.pruning.map(\.text).joined(separator: ", ") }

  /// What the samples say about the activations of `float`.
  mutating func calibrate(
    _ float: Graph, _ samples: inout SampleSet
  ) throws(ConvertError) -> Calibration {
    log.begin()
    let calibration = try observe(float, options.samples ?? Int.max, &samples, isShown: true)
    log.end(
      "calibrate", samples: calibration.samples,
      effect: "ranges of activations from \(calibration.samples) samples")
    return calibration
  }

  /// Runs the float network on up to `limit` samples and observes its activations.
  func observe(
    _ float: Graph, _ limit: Int, _ samples: inout SampleSet, isShown: Bool = false
  ) throws(ConvertError) -> Calibration {
    try MemoryPolicy(options).requireFit(float, for: "calibration")
    // Ranges are those of the network that will be quantized, pruning included.
    let interpreter = try interpreter(float)
    var calibrator = Calibrator(float)
    let progress = progress
    let total = options.samples ?? 0
    _ = try samples.forEach(limit: limit, into: interpreter) { index throws(ConvertError) in
      try calibrator.run(interpreter)
      if isShown {
        progress(Converter.Progress(stage: "calibrate", done: index + 1, total: total))
      }
    }
    return Calibration(calibrator)
  }

  /// Gives the channels of activations like magnitudes, where that makes the quantized network better.
  ///
  /// Returns the factors of the values that were changed.
  mutating func equalize(
    _ graph: inout Graph, _ plan: CompressionPlan, _ cache: CalibrationCache?, _ trial: Trial?,
    _ samples: inout SampleSet
  ) throws(ConvertError) -> [String: [Float]] {
    let classes = ChannelClasses(graph, for: .scaling).classes
    if let cache {
      EqualizeChannels.apply(&graph, cache.factors)
      return cache.factors
    }
    guard options.equalization != .off, !classes.isEmpty, plan.base.activations == .uint8,
      options.equalization == .on || trial != nil
    else { return [:] }
    log.begin()
    var profile = ChannelProfile(graph, classes.flatMap(\.values))
    let interpreter = try interpreter(graph)
    let count = try samples.forEach(limit: 32, into: interpreter) { _ throws(ConvertError) in
      try profile.run(interpreter)
    }
    let step = EqualizeChannels(graph, profile)
    var equalized = graph
    EqualizeChannels.apply(&equalized, step.factors)
    var effect = "\(step.factors.count) activations have channels of like magnitude"
    var isBetter = true
    if options.equalization == .auto, let trial {
      let before = try error(graph, plan, trial, &samples)
      let after = try error(equalized, plan, trial, &samples)
      isBetter = after < before
      effect = isBetter ? effect : "left out"
      effect +=
        String(format: ": squared error of the outputs %.2g with, %.2g without", after, before)
    }
    log.end("equalize", samples: count, effect: effect)
    guard isBetter else { return [:] }
    graph = equalized
    return step.factors
  }

  /// The error that quantization as planned makes, by a quick look.
  func error(
    _ float: Graph, _ plan: CompressionPlan, _ trial: Trial, _ samples: inout SampleSet
  ) throws(ConvertError) -> Double {
    let calibration = try observe(float, 8, &samples)
    let quantizer = Quantizer(plan: plan, correctsBias: options.biasCorrection != .off)
    let rounded = quantizer.rounded(float, calibration.means)
    return try RangeSelection.best(
      calibration, [.mse(clipping: 1), .mse(clipping: 0.1)], trial, limit: 8
    ) { quantizer.quantized(rounded, $0) }.error?.relative ?? .infinity
  }

  /// Writes the cache where one is asked for and not there.
  func keep(
    _ calibration: Calibration, _ selection: RangeSelection, _ factors: [String: [Float]],
    _ float: Graph
  ) throws(ConvertError) {
    guard let path = options.calibrationCache, calibration.cached == nil else { return }
    let cache = CalibrationCache(
      source: source, pruning: pruningText, method: selection.rule.name, factors: factors,
      calibration, selection.ranges, float)
    let bytes = Bytes(cache.encoded())
    do throws(FileError) {
      try AtomicFile.write(to: path) { (sink) throws(FileError) in
        try bytes.withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
      }
    } catch { throw .file(error) }
  }
}
