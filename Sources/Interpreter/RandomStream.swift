/// A repeatable source of random numbers (SplitMix64, Steele, Lea and Flood, 2014).
///
/// A stream gives the same numbers for the same seed on every machine. What several threads share out
/// takes a stream of its own for each item (`stream`), so that the numbers do not depend on who comes first.
public struct RandomStream: RandomNumberGenerator, Sendable, Hashable {
  /// All there is to know about the stream: one that is made of it goes on where this one is.
  public private(set) var state: UInt64

  /// A stream that begins at `seed`.
  public init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A stream for item `index`, which depends on this one's state and does not change it.
  public func stream(_ index: Int) -> RandomStream {
    // Another odd step than that of `next`, mixed twice: no stream runs into another.
    let start = state &+ UInt64(bitPattern: Int64(index) &+ 1) &* 0xD1B5_4A32_D192_ED03
    return RandomStream(seed: Self.mixed(Self.mixed(start) ^ 0x632B_E59B_D9B4_E019))
  }

  private static func mixed(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number from 0 up to, and without, 1; 53 bits of it are random.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// An integer from 0 up to, and without, `bound`; 0 where there is none.
  public mutating func below(_ bound: Int) -> Int {
    guard bound > 1 else { return 0 }
    return Int(UInt64(bound).multipliedFullWidth(by: next()).high)
  }

  /// Puts `items` in random order (Fisher and Yates).
  public mutating func shuffle<Element>(_ items: inout [Element]) {
    for last in stride(from: items.count - 1, to: 0, by: -1) {
      items.swapAt(last, below(last + 1))
    }
  }
}
