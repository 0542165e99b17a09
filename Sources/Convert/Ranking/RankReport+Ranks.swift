import Foundation

extension RankReport {
  /// Ratios to the original, ranks, places and frontiers, from the figures that are there so far.
  ///
  /// What failed or collapsed has no ranks: a tiny, fast and useless file wins nothing. A criterion
  /// that no method has a figure for yet does not count.
  mutating func rank() {
    for index in rows.indices { compareWithOriginal(&rows[index]) }
    let isRanked = rows.map { $0.error == nil && !$0.hasCollapsed && $0.bytes != nil }
    func values(_ criterion: RankCriterion) -> [Double?] {
      zip(rows, isRanked).map { $1 ? $0.value(criterion) : nil }
    }
    var ranks = [[RankCriterion: Double]](repeating: [:], count: rows.count)
    var counting = 0
    for criterion in RankCriterion.allCases {
      let found = RankTable.ranks(values(criterion), isHigherBetter: criterion.isHigherBetter)
      if found.contains(where: { $0 != nil }) { counting += 1 }
      for (index, rank) in found.enumerated() { ranks[index][criterion] = rank }
    }
    let overall = ranks.map { $0.count == counting ? RankTable.overall($0, weights) : nil }
    let places = RankTable.ranks(overall, isHigherBetter: false)
    let gains = values(.accuracy)
    func frontier(_ criterion: RankCriterion) -> [Bool] {
      RankTable.frontier(
        zip(gains, values(criterion)).map { gain, cost in
          guard let gain, let cost else { return nil }
          return (gain, cost)
        })
    }
    let (fast, small) = (frontier(.latency), frontier(.size))
    for index in rows.indices {
      let row = ranks[index]
      rows[index].ranks =
        isRanked[index]
        ? Ranks(
          accuracy: row[.accuracy], latency: row[.latency], size: row[.size], time: row[.time],
          overall: overall[index]) : nil
      // Of those that share a place, the best one.
      rows[index].place = places[index].map { place in
        places.count { ($0 ?? .infinity) < place } + 1
      }
      rows[index].isParetoLatency = fast[index]
      rows[index].isParetoSize = small[index]
    }
    // Sorting keeps no order of its own; methods of one place stay as they were named.
    rows = rows.enumerated().sorted {
      ($0.element.place ?? Int.max, $0.offset) < ($1.element.place ?? Int.max, $1.offset)
    }.map { $0.element }
  }

  private func compareWithOriginal(_ row: inout Row) {
    row.drop = original.accuracy.flatMap { before in row.accuracy.map { before - $0 } }
    row.sizeRatio = row.bytes.map { Double(original.bytes) / Double(max(1, $0)) }
    row.speedup = original.latencyMs.flatMap { before in
      row.latencyMs.map { before.median / max($0.median, 1e-9) }
    }
  }
}

extension RankReport.Row {
  /// The figure that a criterion ranks, as exactly as tables print it: what looks equal ranks equal.
  func value(_ criterion: RankCriterion) -> Double? {
    switch criterion {
    case .accuracy: accuracy.map { ($0 * 10_000).rounded() / 10_000 }
    case .latency: latencyMs.map { $0.median.rounded(digits: 3) }
    case .size: bytes.map(Double.init)
    case .time: cpuSeconds.map { ($0 * 100).rounded() / 100 }
    }
  }
}

extension Double {
  /// The number with `digits` significant digits.
  func rounded(digits: Int) -> Double {
    guard isFinite, self != 0 else { return self }
    let scale = pow(10, Double(digits - 1) - log10(magnitude).rounded(.down))
    return (self * scale).rounded() / scale
  }
}
