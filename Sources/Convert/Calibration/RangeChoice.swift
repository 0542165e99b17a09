import ModelFormat

/// Ranges of activations, and the eight-bit parameters that follow.
enum RangeChoice {
  /// The fractions of elements that percentile ranges keep.
  private static let percentiles = [0.99999, 0.9999, 0.999]

  /// The range of an activation under `method`; nil where nothing was observed.
  static func range(
    _ observer: RangeObserver, _ method: ConversionOptions.CalibrationMethod
  ) -> ClosedRange<Float>? {
    guard observer.least <= observer.greatest else { return nil }
    let full = observer.least...observer.greatest
    switch method {
    case .minmax: return full
    case .percentile: return observer.percentile(0.9999)
    case .auto:
      let candidates = [full] + percentiles.map { observer.percentile($0) }
      return candidates.min { observer.error($0) < observer.error($1) }
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
