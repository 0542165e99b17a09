import Testing

@testable import Convert

/// Ranks and frontiers, worked out by hand.
@Suite struct RankTableTests {
  @Test func ranksStartAtOneWithTheBest() {
    #expect(RankTable.ranks([0.5, 0.9, 0.7], isHigherBetter: true) == [3, 1, 2])
    #expect(RankTable.ranks([0.5, 0.9, 0.7], isHigherBetter: false) == [1, 3, 2])
    #expect(RankTable.ranks([], isHigherBetter: true) == [])
  }

  @Test func equalValuesShareTheMeanOfTheirPlaces() {
    #expect(RankTable.ranks([3, 1, 3, 5], isHigherBetter: false) == [2.5, 1, 2.5, 4])
    #expect(RankTable.ranks([7, 7, 7], isHigherBetter: true) == [2, 2, 2])
    // Whatever is equal, the ranks have the same sum.
    let ranks = RankTable.ranks([4, 4, 2, 2, 2, 9], isHigherBetter: true).compactMap { $0 }
    #expect(ranks.reduce(0, +) == 21)
  }

  @Test func missingValuesHaveNoRankAndTakeNoPlace() {
    #expect(RankTable.ranks([nil, 2, nil, 1], isHigherBetter: true) == [nil, 1, nil, 2])
  }

  @Test func weightsDecideTheMean() throws {
    let ranks: [RankCriterion: Double] = [.accuracy: 1, .latency: 3, .size: 2, .time: 4]
    #expect(RankTable.overall(ranks, RankWeights()) == 2.5)
    var weights = RankWeights()
    weights[.accuracy] = 3
    weights[.time] = 0
    #expect(RankTable.overall(ranks, weights) == 1.6)
    // What has no figures yet does not count.
    #expect(RankTable.overall([.accuracy: 1, .size: 2], RankWeights()) == 1.5)
    #expect(RankTable.overall([.time: 2], weights) == nil)
    #expect(RankTable.overall([:], RankWeights()) == nil)
  }

  @Test func frontiersHoldWhatNothingBeats() {
    // Gain up, cost down: (9, 5) and (7, 2) trade; (7, 3) and (6, 2) are beaten by (7, 2).
    let points: [(gain: Double, cost: Double)?] = [(9, 5), (7, 2), (7, 3), (6, 2), nil]
    #expect(RankTable.frontier(points) == [true, true, false, false, false])
    // Equal points do not beat each other.
    #expect(RankTable.frontier([(1, 1), (1, 1)]) == [true, true])
    #expect(RankTable.frontier([(2, 1), (1, 1), (2, 2)]) == [true, false, false])
  }

  @Test func significantDigitsAreThoseThatArePrinted() {
    #expect(0.012349.rounded(digits: 3) == 0.0123)
    #expect(1234.5.rounded(digits: 3) == 1230)
    #expect(0.9996.rounded(digits: 3) == 1)
    #expect((0.0).rounded(digits: 3) == 0)
  }

  /// A row that succeeded.
  func row(
    _ name: String, _ accuracy: Double, ms: Double?, bytes: Int, cpu: Double
  ) -> RankReport.Row {
    var row = RankReport.Row(name: name, command: "")
    row.accuracy = accuracy
    row.latencyMs = ms.flatMap { Latency(seconds: [$0 / 1000]) }
    row.bytes = bytes
    row.cpuSeconds = cpu
    return row
  }

  @Test func reportsRankOnWhatIsKnownAndLeaveFailuresOut() throws {
    var report = RankReport()
    report.original = .init(
      bytes: 1000, accuracy: 0.8, latencyMs: Latency(seconds: [0.010]))
    report.rows = [
      row("dense", 0.8, ms: 10, bytes: 1000, cpu: 0.1),
      row("ruined", 0.1, ms: 1, bytes: 10, cpu: 0.2),
      row("small", 0.75, ms: 4, bytes: 250, cpu: 0.5),
      RankReport.Row(name: "broken", command: "", error: "no"),
    ]
    report.rows[1].hasCollapsed = true
    report.rank()
    // dense: 1, 2, 2, 1; small: 2, 1, 1, 2.
    #expect(report.rows.map(\.name) == ["dense", "small", "ruined", "broken"])
    #expect(report.rows.map(\.place) == [1, 1, nil, nil])
    #expect(report.rows[0].ranks?.overall == 1.5 && report.rows[2].ranks == nil)
    #expect(report.rows[1].sizeRatio == 4 && report.rows[1].speedup == 2.5)
    #expect(abs(try #require(report.rows[1].drop) - 0.05) < 1e-12)
    #expect(report.rows.map(\.isParetoLatency) == [true, true, false, false])

    report.weights[.size] = 5
    report.rank()
    #expect(report.rows.map(\.name) == ["small", "dense", "ruined", "broken"])

    // Interrupted before anything was timed: the other criteria decide.
    for index in report.rows.indices { report.rows[index].latencyMs = nil }
    report.rank()
    #expect(report.rows[0].ranks?.latency == nil && report.rows[0].ranks?.overall != nil)
    #expect(report.rows.allSatisfy { !$0.isParetoLatency })
    // One of them was timed: a mean without that criterion would be another one.
    report.rows[0].latencyMs = Latency(seconds: [1])
    report.rank()
    #expect(report.rows.map(\.place) == [1, nil, nil, nil])
  }
}
