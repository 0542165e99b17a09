import ModelFormat

/// What calibration saw of one activation: its extremes, and how its elements are distributed.
struct RangeObserver: Sendable {
  private(set) var least = Float.infinity
  private(set) var greatest = -Float.infinity
  /// Counts over `-reach ..< reach`, which doubles when an element lies outside; exact zeros are not
  /// among them.
  private(set) var counts = [UInt64](repeating: 0, count: Self.bins)
  /// Elements that are zero: every range holds them without an error.
  private(set) var zeros: UInt64 = 0
  private(set) var reach: Float = 0

  static let bins = 4096
  /// At most this many elements of one sample enter the distribution; the extremes see all.
  private static let elementsPerSample = 8_192

  /// Takes in the elements of one sample; `extremes` are their least and greatest.
  mutating func observe(
    _ elements: UnsafeBufferPointer<Float>, extremes: (min: Float, max: Float)
  ) {
    guard extremes.min <= extremes.max, extremes.min.isFinite, extremes.max.isFinite else { return }
    least = min(least, extremes.min)
    greatest = max(greatest, extremes.max)
    let needed = max(abs(extremes.min), abs(extremes.max))
    if reach == 0 {
      reach = max(needed * 1.25, .leastNormalMagnitude * 4096)
    }
    while needed >= reach { widen() }
    // An odd stride visits all channels of a channels-last tensor.
    let step = max(1, elements.count / Self.elementsPerSample) | 1
    let scale = Float(Self.bins / 2) / reach
    var index = 0
    while index < elements.count {
      let element = elements[index]
      if element == 0 {
        zeros += 1
      } else if element.isFinite {
        let bin = Int((element * scale).rounded(.down)) + Self.bins / 2
        counts[min(max(bin, 0), Self.bins - 1)] += 1
      }
      index += step
    }
  }

  /// Doubles the reach: two neighbouring bins become one.
  private mutating func widen() {
    var wider = [UInt64](repeating: 0, count: Self.bins)
    for (bin, count) in counts.enumerated() { wider[Self.bins / 4 + bin / 2] += count }
    counts = wider
    reach *= 2
  }

  /// The element in the middle of `bin`.
  func center(_ bin: Int) -> Float {
    (Float(bin - Self.bins / 2) + 0.5) * reach / Float(Self.bins / 2)
  }

  /// All elements that entered the distribution.
  var total: UInt64 { counts.reduce(zeros, +) }

  /// The range that leaves out the fraction `1 - kept` of all elements, half of them at each end.
  func percentile(_ kept: Double) -> ClosedRange<Float> {
    let tail = UInt64(Double(total) * (1 - kept) / 2)
    let zeroBin = Self.bins / 2
    func count(_ bin: Int) -> UInt64 { counts[bin] + (bin == zeroBin ? zeros : 0) }
    var (low, high) = (0, Self.bins - 1)
    var below: UInt64 = 0
    while low < high, below + count(low) <= tail {
      below += count(low)
      low += 1
    }
    var above: UInt64 = 0
    while high > low, above + count(high) <= tail {
      above += count(high)
      high -= 1
    }
    let half = reach / Float(Self.bins)
    let bounds = (max(center(low) - half, least), min(center(high) + half, greatest))
    return bounds.0 <= bounds.1 ? bounds.0...bounds.1 : least...greatest
  }
}
