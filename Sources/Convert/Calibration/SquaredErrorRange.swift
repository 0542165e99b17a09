import Foundation

/// The range with the least squared error of eight-bit quantization, over what an observer saw.
///
/// Inside a range elements are rounded: `step²/12` each on average, or all of it where they are below half a
/// step and become zero. Outside they are clipped: the squared distance to the range. Both ends are moved inwards by themselves, over a grid (Banner et al., "Post
/// Training 4-bit Quantization of Convolutional Networks", 2019, and Sung et al., 2015, choose so with one
/// end).
///
/// Where a layer keeps channels apart, as a depthwise convolution does, an element far out is one channel's,
/// and a coarse step is everybody's: then clipping weighs less than its square says.
struct SquaredErrorRange {
  private let full: ClosedRange<Float>
  /// Bins from the outermost inwards, above and below zero.
  private let above: Tail
  private let below: Tail
  /// What an error by clipping weighs beside one by rounding.
  private let clipping: Double

  /// Parts of the full range that are tried for each end.
  private static let parts = 64

  /// The elements on one side of zero: their number, sum and sum of squares beyond each bin.
  private struct Tail {
    let width: Double
    private var counts: [Double] = [0]
    private var sums: [Double] = [0]
    private var squares: [Double] = [0]

    /// A side with counts from zero outwards, in bins of `width`.
    init(_ bins: [UInt64], width: Double) {
      self.width = width
      // Entry k is of the bins from k outwards.
      counts = [Double](repeating: 0, count: bins.count + 1)
      sums = counts
      squares = counts
      for bin in bins.indices.reversed() {
        let (count, x) = (Double(bins[bin]), (Double(bin) + 0.5) * width)
        counts[bin] = counts[bin + 1] + count
        sums[bin] = sums[bin + 1] + count * x
        squares[bin] = squares[bin + 1] + count * x * x
      }
    }

    /// The error of rounding by `step` of all elements within `limit`.
    func rounded(by step: Double, within limit: Double) -> Double {
      let small = place(step / 2)
      let end = max(small, place(limit))
      return squares[0] - squares[small] + (counts[small] - counts[end]) * step * step / 12
    }

    private func place(_ limit: Double) -> Int {
      let bin = limit / width
      return bin < Double(counts.count - 1) ? max(0, Int(bin)) : counts.count - 1
    }

    /// The sum of squares, elements beyond `limit` counted as it.
    func squares(heldTo limit: Double) -> Double {
      let bin = place(max(0, limit))
      return squares[0] - squares[bin] + counts[bin] * limit * limit
    }

    /// The sum of the squared distances of all elements beyond `limit` to it.
    func clipped(at limit: Double) -> Double {
      let bin = place(limit)
      return max(0, squares[bin] - 2 * limit * sums[bin] + limit * limit * counts[bin])
    }
  }

  /// - Parameter clipping: what an error by clipping weighs beside one by rounding.
  init(_ observer: RangeObserver, clipping: Double = 1) {
    self.clipping = clipping
    full = min(observer.least, 0)...max(observer.greatest, 0)
    let half = RangeObserver.bins / 2
    let width = Double(observer.reach) / Double(half)
    above = Tail(Array(observer.counts[half...]), width: width)
    below = Tail(observer.counts[..<half].reversed(), width: width)
  }

  /// The error of a range, zero within it, over all elements.
  func error(_ low: Double, _ high: Double) -> Double {
    let step = (high - low) / 255
    let clipped = above.clipped(at: high) + below.clipped(at: -low)
    return above.rounded(by: step, within: high) + below.rounded(by: step, within: -low)
      + clipping * clipped
  }

  /// The noise of rounding and clipping with `range` beside the signal, in decibels (SQNR); larger is better.
  ///
  /// - Parameter usual: where elements lie as a rule: the few beyond count as much as its ends, or one far
  ///   out would be all of the signal.
  func signalToNoise(_ range: ClosedRange<Float>, usual: ClosedRange<Float>) -> Double {
    let signal =
      above.squares(heldTo: Double(usual.upperBound))
      + below.squares(heldTo: -Double(usual.lowerBound))
    let noise = error(min(0, Double(range.lowerBound)), max(0, Double(range.upperBound)))
    return signal > 0 && noise > 0 ? 10 * log10(signal / noise) : .infinity
  }

  /// The best range; ties go to the wider.
  func best() -> ClosedRange<Float> {
    var best = (low: Double(full.lowerBound), high: Double(full.upperBound))
    var least = error(best.low, best.high)
    /// Moves one end over the grid and keeps the best place.
    func move(_ isLow: Bool) {
      let end = Double(isLow ? full.lowerBound : full.upperBound)
      for part in stride(from: Self.parts, through: 1, by: -1) {
        let place = end * Double(part) / Double(Self.parts)
        let (low, high) = isLow ? (place, best.high) : (best.low, place)
        let found = error(low, high)
        if found < least { (least, best) = (found, (low, high)) }
      }
    }
    for _ in 0..<3 {
      move(true)
      move(false)
    }
    return Float(best.low)...Float(best.high)
  }
}
