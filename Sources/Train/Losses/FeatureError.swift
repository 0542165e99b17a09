public import Kernels

/// The squared error of features, over the mean square of those that are wanted: `Σ (x − t)² / Σ t²`.
///
/// Layers of any magnitude weigh alike: 1 is what a layer of zeros would have.
public struct FeatureError: Sendable, Hashable {
  /// What the loss is multiplied with.
  public var weight: Double

  /// An error with a weight.
  public init(weight: Double = 1) { self.weight = weight }

  /// The loss of `features` where `teacher` has others, as many and in the same order; its derivative with
  /// respect to `features` replaces what `gradient` holds.
  public func callAsFunction(
    _ features: UnsafeBufferPointer<Float>, teacher: UnsafeBufferPointer<Float>,
    gradient: UnsafeMutableBufferPointer<Float>? = nil, pool: ThreadPool
  ) -> Double {
    let count = min(features.count, teacher.count)
    guard count > 0, let x = features.baseAddress, let t = teacher.baseAddress else {
      gradient?.update(repeating: 0)
      return 0
    }
    let energy = pool.sum(over: count) { SquareSums.squares(t + $0.lowerBound, $0.count) }
    let error = pool.sum(over: count) {
      SquareSums.differences(x + $0.lowerBound, t + $0.lowerBound, $0.count)
    }
    // Features that should all be zero keep a loss that is a number.
    let factor = weight / max(energy, 1e-12 * Double(count))
    if let gradient {
      let slope = Float(2 * factor)
      pool.pieces(of: count) { range in
        for i in range { gradient[i] = slope * (x[i] - t[i]) }
      }
    }
    return error * factor
  }
}
