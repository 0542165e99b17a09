/// A repeatable source of random numbers (SplitMix64), so that a failing test fails again.
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// A source that always gives the same numbers for the same seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// Numbers of a normal distribution, roughly: sums of four uniform ones.
  public mutating func normal(_ count: Int, deviation: Float = 1) -> [Float] {
    (0..<count).map { _ in
      var sum: Float = 0
      for _ in 0..<4 { sum += Float.random(in: -1...1, using: &self) }
      return sum * deviation * 0.866
    }
  }

  /// Numbers from -1 up to 1 with 24 bits each; Scripts/network_fixtures.py makes the same.
  public mutating func uniform(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(next() >> 40) / Float(1 << 23) - 1 }
  }
}
