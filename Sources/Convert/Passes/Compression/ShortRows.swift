import Kernels
import ModelFormat

/// Eight-bit weights for rows of few elements, as depthwise convolutions have them: the scale is searched.
///
/// Nine weights on a grid that the largest of them fixes are off by chance; some of the grids a little finer
/// or coarser fit all nine far better. Neighbouring pixels are alike, so that errors of one sign add up: with
/// a correlation `r` between taps, the error of a row is `(1 - r) Σ d² + r (Σ d)²`, the sum over what is read
/// from one input channel. Needs no data.
struct ShortRows {
  /// Rows of at most so many weights are worth a search.
  static let longest = 64
  /// The correlation that is taken for granted between pixels of a window.
  private static let correlation = 0.8
  /// Scales that are tried, from that at which the largest weight is 127 downwards to twice that.
  private static let steps = 96

  /// The scale of a row that holds it best; `taps` neighbours belong to one input channel.
  static func scale(_ row: ArraySlice<Float>, taps: Int) -> Float {
    let largest = row.reduce(0) { max($0, abs($1)) }
    guard largest.isNormal else { return largest / 127 }
    var best = (scale: largest / 127, error: Double.infinity)
    for step in 0..<steps {
      let scale = largest / 127 * (1 + Float(step) / Float(steps))
      guard scale.isNormal else { continue }
      let error = error(levels(row, scale: scale, taps: taps), row, scale, taps)
      // A coarser grid has to be worth it.
      if error < best.error * 0.999 { best = (scale, error) }
    }
    return best.scale
  }

  /// The levels of a row: rounded to the nearest, then single ones to the other side while that helps.
  static func levels(_ row: ArraySlice<Float>, scale: Float, taps: Int) -> [Int8] {
    var levels = row.map { element -> Int8 in
      Int8(min(max((element / scale).rounded(.toNearestOrEven), -127), 127))
    }
    for first in stride(from: 0, to: levels.count, by: taps) {
      let window = first..<min(first + taps, levels.count)
      // The sum of a window's errors, in steps; moving one level by one changes it by one.
      var errors = window.map {
        Double(levels[$0]) - Double(row[row.startIndex + $0]) / Double(scale)
      }
      for _ in 0..<taps {
        let sum = errors.reduce(0, +)
        let direction: Double = sum > 0 ? -1 : 1
        var gain = (place: -1, value: 0.0)
        for place in errors.indices where row[row.startIndex + first + place] != 0 {
          let level = Int(levels[first + place]) + Int(direction)
          guard abs(level) <= 127 else { continue }
          let moved = errors[place] + direction
          let change =
            (1 - correlation) * (moved * moved - errors[place] * errors[place])
            + correlation * ((sum + direction) * (sum + direction) - sum * sum)
          if change < gain.value - 1e-9 { gain = (place, change) }
        }
        guard gain.place >= 0 else { break }
        errors[gain.place] += direction
        levels[first + gain.place] += Int8(direction)
      }
    }
    return levels
  }

  /// The error of a row in its own unit.
  private static func error(
    _ levels: [Int8], _ row: ArraySlice<Float>, _ scale: Float, _ taps: Int
  ) -> Double {
    var total = 0.0
    for first in stride(from: 0, to: levels.count, by: taps) {
      var (squares, sum) = (0.0, 0.0)
      for place in first..<min(first + taps, levels.count) {
        let error = Double(levels[place]) * Double(scale) - Double(row[row.startIndex + place])
        squares += error * error
        sum += error
      }
      total += (1 - correlation) * squares + correlation * sum * sum
    }
    return total
  }
}

extension Tensor {
  /// Rows of few weights as integers with searched scales; nil where rows are long, or not finite.
  func quantizedShortRows() -> Tensor? {
    guard type == .float32, shape.rank >= 3, shape.count > 0 else { return nil }
    let columns = shape.count / max(1, shape[0])
    let taps = shape.dimensions[2...].reduce(1, *)
    guard columns <= ShortRows.longest, taps > 1 else { return nil }
    let elements = floats()
    guard elements.allSatisfy(\.isFinite) else { return nil }
    func row(_ index: Int) -> ArraySlice<Float> {
      elements[(index * columns)..<((index + 1) * columns)]
    }
    var scales = (0..<shape[0]).map { ShortRows.scale(row($0), taps: taps) }
    // A channel of zeros takes the largest scale: any serves.
    guard let widest = scales.max() else { return nil }
    let fallback: Float = widest.isNormal ? widest : 1
    scales = Quantization.roundedUpToHalfRatios(scales.map { $0.isNormal ? $0 : fallback })
    let levels = scales.indices.flatMap {
      ShortRows.levels(row($0), scale: scales[$0], taps: taps)
    }
    return Tensor(
      type: .int8, shape: shape, bytes: Bytes(elements: levels),
      quantization: Quantization(scales: scales, axis: 0))
  }
}
