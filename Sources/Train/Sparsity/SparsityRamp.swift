/// How the part of zeros grows while a network trains (Zhu and Gupta, 2017): fast at first, where there is
/// much to spare, and slower to the end: `s = f + (i − f) · (1 − (t − t₀) / n)³`.
public struct SparsityRamp: Sendable, Hashable {
  /// The part of zeros before.
  public var initial: Double
  /// The part of zeros in the end.
  public var final: Double
  /// The steps during which it grows.
  public var range: Range<Int>
  /// Steps from one growth to the next; weights recover in between.
  public var interval: Int

  /// A ramp; it grows for the first time at the range's first step, then every `interval` steps, and reaches
  /// its end with the last growth within the range.
  public init(
    from initial: Double = 0, to final: Double, over range: Range<Int>, every interval: Int
  ) {
    self.initial = initial
    self.final = final
    self.range = range
    self.interval = max(1, interval)
  }

  /// The part of zeros during a step.
  public func sparsity(at step: Int) -> Double {
    if step < range.lowerBound { return initial }
    let growths = max(1, (range.count + interval - 1) / interval)
    let growth = min((step - range.lowerBound) / interval + 1, growths)
    let left = 1 - Double(growth) / Double(growths)
    return final + (initial - final) * left * left * left
  }

  /// Whether more weights go before a step than before the last.
  public func grows(at step: Int) -> Bool {
    sparsity(at: step) != sparsity(at: step - 1)
  }
}
