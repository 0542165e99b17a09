/// The probabilities of bytes, learnt from those already seen.
///
/// A byte is eight binary decisions, from its highest bit; each of the 255 that can be reached has two
/// estimates of the probability of a zero, one that learns fast and one that learns slowly. Their mean
/// counts. Nothing is stored: reader and writer learn the same.
///
/// Source: binary range coding with adaptive bit trees as in LZMA (Pavlov), with two rates as in the
/// arithmetic coder of H.266 (ITU-T H.266, 9.3).
struct AdaptiveModel {
  /// Probabilities are parts of this.
  static let scale: UInt32 = 1 << 16
  private static let fast: UInt32 = 4, slow: UInt32 = 7

  private var quick = [UInt16](repeating: 1 << 15, count: 256)
  private var steady = [UInt16](repeating: 1 << 15, count: 256)
  /// How often each decision was met, up to what no longer matters.
  private var met = [UInt8](repeating: 0, count: 256)

  /// The probability of a zero at `node`, within 1 and `scale` - 1.
  func zero(_ node: Int) -> UInt32 {
    let mean = (UInt32(quick[node]) + UInt32(steady[node])) >> 1
    return min(max(mean, 32), Self.scale - 32)
  }

  /// Learns that the decision at `node` was `bit`.
  mutating func learn(_ node: Int, _ bit: UInt32) {
    let seen = UInt32(met[node])
    // At first each rate is that of a mean over what was seen.
    let first = min(Self.fast, 1 + (seen + 1) / 2)
    let second = min(Self.slow, 1 + (seen + 1) / 2)
    if seen < 16 { met[node] &+= 1 }
    let goal: Int32 = bit == 0 ? 65_535 : 0
    quick[node] = Self.moved(quick[node], goal, first)
    steady[node] = Self.moved(steady[node], goal, second)
  }

  private static func moved(_ from: UInt16, _ goal: Int32, _ rate: UInt32) -> UInt16 {
    UInt16(truncatingIfNeeded: Int32(from) + (goal - Int32(from)) >> Int32(rate))
  }
}
