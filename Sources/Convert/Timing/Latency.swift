/// The distribution of the time of one run, in milliseconds.
public struct Latency: Sendable, Hashable, Codable {
  /// Half of the runs take less.
  public let median: Double
  /// A tenth of the runs takes less.
  public let p10: Double
  /// Nine tenths of the runs take less.
  public let p90: Double
  /// The shortest.
  public let min: Double

  /// The distribution of `seconds`; nil where there are none.
  public init?(seconds: [Double]) {
    let sorted = seconds.sorted().map { $0 * 1000 }
    guard let shortest = sorted.first else { return nil }
    func quantile(_ fraction: Double) -> Double {
      sorted[Swift.min(sorted.count - 1, Int(Double(sorted.count) * fraction))]
    }
    median = quantile(0.5)
    p10 = quantile(0.1)
    p90 = quantile(0.9)
    min = shortest
  }
}
