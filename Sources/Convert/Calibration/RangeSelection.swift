import ModelFormat

/// Ranges for the activations of a network, chosen by what they do to its outputs.
struct RangeSelection {
  /// How ranges follow from what was seen.
  let rule: RangeRule
  /// The range of each value.
  private(set) var ranges: [ClosedRange<Float>?]
  /// The error in the outputs; nil where nothing was measured.
  private(set) var error: OutputError?
  /// Values whose range is not the rule's.
  private(set) var exceptions = 0

  /// The parameters that follow.
  var parameters: [Quantization?] { ranges.map { $0.map { RangeChoice.parameters($0) } } }

  /// The ranges of one rule.
  init(_ calibration: Calibration, _ rule: RangeRule) {
    self.rule = rule
    ranges = calibration.ranges(rule)
  }

  /// The ranges of that of `rules` which has the lowest error in the outputs; the first of equals.
  ///
  /// - Parameters:
  ///   - limit: the most samples of the trial to run on.
  ///   - quantized: makes the network that is measured from the parameters of its values.
  static func best(
    _ calibration: Calibration, _ rules: [RangeRule], _ trial: Trial, limit: Int = .max,
    _ quantized: ([Quantization?]) -> Graph
  ) throws(ConvertError) -> RangeSelection {
    var best = RangeSelection(calibration, rules[0])
    guard rules.count > 1 else { return best }
    for rule in rules {
      var selection = RangeSelection(calibration, rule)
      let error = try trial.error(of: quantized(selection.parameters), limit: limit)
      selection.error = error
      if error.relative < best.error?.relative ?? .infinity { best = selection }
    }
    return best
  }

  /// Goes through the values once, the coarsest first, and gives each the range of another rule where that
  /// makes the error in the outputs smaller.
  mutating func refine(
    _ calibration: Calibration, _ rules: [RangeRule], _ trial: Trial,
    _ quantized: ([Quantization?]) -> Graph, progress: (_ done: Int, _ total: Int) -> Bool
  ) throws(ConvertError) {
    guard var least = error?.relative else { return }
    let others = rules.filter { $0 != rule }.map { calibration.ranges($0) }
    let order = calibration.observers.indices.compactMap { value -> (value: Int, ratio: Double)? in
      guard let observer = calibration.observers[value], let range = ranges[value] else {
        return nil
      }
      return (
        value,
        SquaredErrorRange(observer)
          .signalToNoise(range, usual: observer.percentile(0.999))
      )
    }.sorted { ($0.ratio, $0.value) < ($1.ratio, $1.value) }
    let start = quantized(parameters)
    for (done, (value, _)) in order.enumerated() {
      guard progress(done, order.count) else { return }
      // A value that nobody reads in integers has no parameters to choose.
      guard start.values[value].quantization != nil else { continue }
      var tried = Set([ranges[value]])
      for other in others where tried.insert(other[value]).inserted {
        var candidate = self
        candidate.ranges[value] = other[value]
        let error = try trial.error(of: quantized(candidate.parameters))
        if error.relative < least * 0.998 {
          least = error.relative
          candidate.error = error
          candidate.exceptions += 1
          self = candidate
        }
      }
    }
  }
}
