/// What compressed models are ranked on.
public enum RankCriterion: String, Sendable, Hashable, Codable, CaseIterable {
  /// Right predictions, or closeness to the original where no labels are given: more is better.
  case accuracy
  /// Time of one run.
  case latency
  /// Bytes on disk.
  case size
  /// Processor seconds that the compression took.
  case time

  /// Whether the larger value wins.
  var isHigherBetter: Bool { self == .accuracy }
}

/// How much each criterion counts for the overall rank.
public struct RankWeights: Sendable, Hashable, Codable {
  /// The weight of accuracy.
  public var accuracy = 1.0
  /// The weight of the time of one run.
  public var latency = 1.0
  /// The weight of bytes on disk.
  public var size = 1.0
  /// The weight of the time to compress.
  public var time = 1.0

  /// Equal weights.
  public init() {}

  /// The weight of one criterion.
  public subscript(_ criterion: RankCriterion) -> Double {
    get { self[keyPath: Self.path(criterion)] }
    set { self[keyPath: Self.path(criterion)] = newValue }
  }

  private static func path(_ criterion: RankCriterion) -> WritableKeyPath<Self, Double> {
    switch criterion {
    case .accuracy: \.accuracy
    case .latency: \.latency
    case .size: \.size
    case .time: \.time
    }
  }
}
