/// Which pixels of a line make each pixel of another length, and how much each counts: linear interpolation
/// where the line grows, and the mean under a triangle as wide as two steps where it shrinks.
///
/// Those are the weights of Pillow's and PyTorch's bilinear filters with antialiasing.
struct TriangleTaps {
  /// The first pixel for each result.
  private(set) var first: [Int] = []
  /// Pixels for each result.
  private(set) var counts: [Int] = []
  /// Weights, `pitch` for each result.
  private(set) var weights: [Float] = []
  /// The most pixels for a result.
  let pitch: Int

  /// The taps from `count` pixels to `results`.
  init(from count: Int, to results: Int) {
    let scale = Double(count) / Double(results)
    let reach = max(scale, 1)
    pitch = Int(reach.rounded(.up)) * 2 + 1
    weights = [Float](repeating: 0, count: results * pitch)
    for result in 0..<results {
      let center = (Double(result) + 0.5) * scale
      let low = max(0, Int(center - reach + 0.5))
      let high = min(count, Int(center + reach + 0.5))
      let taps = (low..<high).map { max(0, 1 - abs((Double($0) + 0.5 - center) / reach)) }
      let sum = taps.reduce(0, +)
      for (place, tap) in taps.enumerated() {
        weights[result * pitch + place] = Float(tap / sum)
      }
      first.append(low)
      counts.append(high - low)
    }
  }
}
