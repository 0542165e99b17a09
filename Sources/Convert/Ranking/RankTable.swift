/// The arithmetic of a ranking.
enum RankTable {
  /// The rank of each value, the best first: 1 and up; nil where there is no value.
  ///
  /// Equal values share the mean of their places (1, 2.5, 2.5, 4), so that the sum of all ranks does
  /// not depend on ties.
  static func ranks(_ values: [Double?], isHigherBetter: Bool) -> [Double?] {
    values.map { value in
      guard let value else { return nil }
      var (better, equal) = (0, 0)
      for case let other? in values {
        if other == value {
          equal += 1
        } else if (other > value) == isHigherBetter {
          better += 1
        }
      }
      return Double(better) + Double(equal + 1) / 2
    }
  }

  /// The weighted mean of `ranks` over the criteria that have one; nil where no weight is left.
  static func overall(_ ranks: [RankCriterion: Double], _ weights: RankWeights) -> Double? {
    let total = ranks.keys.reduce(0) { $0 + weights[$1] }
    guard total > 0 else { return nil }
    // In a fixed order: sums of floats depend on it.
    return RankCriterion.allCases.reduce(0) { $0 + (ranks[$1] ?? 0) * weights[$1] } / total
  }

  /// Which points no other beats: none has at least the gain for at most the cost, one of the two
  /// better.
  ///
  /// Equal points are on the frontier together. Missing points are not.
  static func frontier(_ points: [(gain: Double, cost: Double)?]) -> [Bool] {
    points.map { point in
      guard let point else { return false }
      return !points.contains { other in
        guard let other else { return false }
        return other.gain >= point.gain && other.cost <= point.cost
          && (other.gain > point.gain || other.cost < point.cost)
      }
    }
  }
}
