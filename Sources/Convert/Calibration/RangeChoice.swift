import ModelFormat

/// Ranges of activations, and the eight-bit parameters that follow.
enum RangeChoice {
  /// The fraction of elements that a percentile range keeps.
  private static let kept = 0.9999

  /// The range of an activation under `rule`; nil where nothing was observed.
  static func range(_ observer: RangeObserver, _ rule: RangeRule) -> ClosedRange<Float>? {
    guard observer.least <= observer.greatest else { return nil }
    switch rule {
    case .minmax: return observer.least...observer.greatest
    case .percentile: return observer.percentile(kept)
    case .mse(let clipping): return SquaredErrorRange(observer, clipping: clipping).best()
    case .entropy: return EntropyRange(observer).best()
    }
  }

  /// uint8 parameters that cover `range` and zero, which they hold exactly.
  static func parameters(_ range: ClosedRange<Float>) -> Quantization {
    let low = min(range.lowerBound, 0)
    let high = max(range.upperBound, 0)
    // A range of nothing still needs a scale.
    let scale = max((high - low) / 255, 1e-10)
    let zero = (-low / scale).rounded(.toNearestOrEven)
    return Quantization(scale: scale, zeroPoint: Int32(min(max(zero, 0), 255)))
  }
}

/// How the range of an activation follows from what was seen.
enum RangeRule: Sendable, Hashable {
  case minmax
  case percentile
  /// The least squared error, with errors by clipping weighed.
  case mse(clipping: Double)
  case entropy

  /// The name in reports.
  var name: String {
    switch self {
    case .minmax: "minmax"
    case .percentile: "percentile"
    case .mse(let clipping): clipping == 1 ? "mse" : "mse with clipping at \(clipping)"
    case .entropy: "entropy"
    }
  }

  /// The rules that a method names: one, or those between which measurement chooses.
  static func candidates(_ method: ConversionOptions.CalibrationMethod) -> [RangeRule] {
    switch method {
    case .minmax: [.minmax]
    case .percentile: [.percentile]
    case .mse: [.mse(clipping: 1)]
    case .entropy: [.entropy]
    case .auto:
      [.mse(clipping: 1), .mse(clipping: 0.3), .mse(clipping: 0.1), .percentile, .minmax, .entropy]
    }
  }
}
