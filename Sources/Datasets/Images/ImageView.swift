/// Another look at an image than the centered one: nearer, to the side, mirrored.
///
/// Few images stand for more of what a network will see when each is looked at in several ways.
public struct ImageView: Hashable, Sendable {
  /// Whether left and right change places.
  public var isMirrored = false
  /// The sides of what is seen beside those of the centered look; at most what the image has.
  public var extent = 1.0
  /// Where in the image what is seen lies, from −1 (left, top) to 1; 0 is the center.
  public var horizontal = 0.0, vertical = 0.0

  /// The centered look.
  public init() {}

  /// Look number `index` at image `image`, the same for the same seed; the first one is centered.
  ///
  /// - Parameter extents: the least and the largest extent.
  public init(
    _ index: Int, of image: Int, seed: UInt64, extents: ClosedRange<Double> = 0.75...1,
    mirrors: Bool = true
  ) {
    guard index > 0 else { return }
    var random = SplitMix64(
      seed: seed &+ UInt64(truncatingIfNeeded: image) &* 0x9E37_79B9 &+ UInt64(index) << 40)
    isMirrored = mirrors && index % 2 == 1
    extent =
      extents.lowerBound + (extents.upperBound - extents.lowerBound) * random.unit().squareRoot()
    horizontal = 2 * random.unit() - 1
    vertical = 2 * random.unit() - 1
  }
}

/// Numbers from a seed (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The numbers of `seed`.
  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number from 0 to below 1.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
