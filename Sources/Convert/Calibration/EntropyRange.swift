import Foundation

/// The range that loses the least information: the smallest Kullback-Leibler divergence between the
/// distribution of the elements and that after eight-bit quantization.
///
/// The method of TensorRT (Migacz, "8-bit Inference with TensorRT", 2017), for both ends: the range shrinks
/// as a whole, what lies outside is counted at its ends.
struct EntropyRange {
  private let observer: RangeObserver
  private let full: ClosedRange<Float>

  /// Parts of the full range that are tried, down to a quarter.
  private static let parts = 64
  private static let levels = 256

  init(_ observer: RangeObserver) {
    self.observer = observer
    full = min(observer.least, 0)...max(observer.greatest, 0)
  }

  /// The range with the least divergence; the wider of equals.
  func best() -> ClosedRange<Float> {
    var best = (range: full, divergence: Double.infinity)
    for part in stride(from: Self.parts, through: Self.parts / 4, by: -1) {
      let factor = Float(part) / Float(Self.parts)
      let range = (full.lowerBound * factor)...(full.upperBound * factor)
      let found = divergence(range)
      if found < best.divergence { best = (range, found) }
    }
    return best.range
  }

  /// The divergence of the quantized distribution from the observed one, clipped to `range`.
  private func divergence(_ range: ClosedRange<Float>) -> Double {
    let bins = RangeObserver.bins
    let width = observer.reach / Float(bins / 2)
    let first = max(0, bins / 2 + Int((range.lowerBound / width).rounded(.down)))
    let last = min(bins - 1, bins / 2 + Int((range.upperBound / width).rounded(.down)))
    guard last > first else { return .infinity }
    // What was seen, with everything outside at the ends.
    var seen = observer.counts[first...last].map { Double($0) }
    let inside = seen
    seen[0] += observer.counts[..<first].reduce(0) { $0 + Double($1) }
    seen[seen.count - 1] += observer.counts[(last + 1)...].reduce(0) { $0 + Double($1) }
    // Each level's elements, spread evenly over those of its bins that hold any.
    let count = seen.count
    var kept = [Double](repeating: 0, count: count)
    for level in 0..<min(Self.levels, count) {
      let start = level * count / min(Self.levels, count)
      let end = (level + 1) * count / min(Self.levels, count)
      let filled = (start..<end).count { seen[$0] > 0 }
      guard filled > 0 else { continue }
      let mass = inside[start..<end].reduce(0, +) / Double(filled)
      for bin in start..<end where seen[bin] > 0 { kept[bin] = mass }
    }
    let (p, q) = (seen.reduce(0, +), kept.reduce(0, +))
    guard p > 0, q > 0 else { return .infinity }
    var sum = 0.0
    for bin in 0..<count where seen[bin] > 0 {
      let (x, y) = (seen[bin] / p, max(kept[bin] / q, 1e-12))
      sum += x * log(x / y)
    }
    return sum
  }
}
