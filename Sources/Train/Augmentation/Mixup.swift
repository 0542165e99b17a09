public import Interpreter
public import Kernels

/// Images that are each the sum of two, with targets in the same shares (Zhang et al., 2018).
public struct Mixup: Sendable, Hashable {
  /// Shares come from the beta distribution with both parameters of this; the smaller, the purer the images.
  public var alpha: Double

  /// Mixup with `alpha` above zero.
  public init(alpha: Double = 0.2) { self.alpha = alpha }

  /// Which image is mixed with which, and how much of the first stays.
  public struct Pairs: Sendable, Hashable {
    /// For each image the one that is mixed into it.
    public let partners: [Int]
    /// For each image its own share, from 0 to 1.
    public let shares: [Float]

    /// Targets for classes that images had before.
    public func targets(_ labels: [Int]) -> ClassTargets {
      .mixed(labels, partners.map { labels[$0] }, share: shares)
    }
  }

  /// Draws pairs for a batch of `count` images.
  public func pairs(_ count: Int, stream: RandomStream) -> Pairs {
    var stream = stream
    var partners = [Int](0..<count)
    stream.shuffle(&partners)
    return Pairs(
      partners: partners, shares: (0..<count).map { _ in Float(stream.beta(alpha)) })
  }

  /// Writes mixed images for those of `size` numbers each at `images`; `results` is other memory.
  public static func apply(
    _ pairs: Pairs, _ images: UnsafePointer<Float>, to results: UnsafeMutablePointer<Float>,
    size: Int, pool: ThreadPool
  ) {
    pool.share(pairs.partners.count) { _, range in
      for index in range {
        let own = images + index * size
        let other = images + pairs.partners[index] * size
        let result = results + index * size
        let share = pairs.shares[index]
        for i in 0..<size { result[i] = share * own[i] + (1 - share) * other[i] }
      }
    }
  }
}
