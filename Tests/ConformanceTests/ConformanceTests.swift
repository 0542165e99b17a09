import Foundation
import Testing

/// Every case of ONNX's own backend tests passes, or is left out for a reason that still holds.
@Suite struct ConformanceTests {
  private static let environment = ProcessInfo.processInfo.environment
  static let absence: Comment =
    "no cases: install Debian's package libonnx-testdata (make check-tools does)"

  @Test(.enabled(if: !ConformanceCase.all.isEmpty, absence))
  func casesPassOrAreLeftOutForAReason() throws {
    let exceptions = try Exceptions()
    var outcomes: [Outcome] = []
    for item in ConformanceCase.all {
      var words: String?
      do { try item.run() } catch { words = Self.words(error, item) }
      outcomes.append(Outcome(item, error: words, reason: exceptions.reason(item.id)))
    }
    let table = ConformanceTable(outcomes)
    if Self.environment["CONFORMANCE_TABLE"] != nil { print(table.rows) }
    print(table.totals)

    if Self.environment["RECORD_EXCEPTIONS"] != nil {
      let failures = outcomes.filter { outcome in
        !exceptions.stated.contains { $0.matches(outcome.item.id) }
      }
      try exceptions.record(
        failures.compactMap { outcome in outcome.error.map { (outcome.item.id, $0) } })
      return
    }
    for outcome in outcomes {
      if let error = outcome.error, outcome.reason == nil {
        Issue.record("\(outcome.item.id): \(error)")
      }
      if outcome.error == nil, outcome.reason != nil {
        Issue.record("\(outcome.item.id) passes: take it out of Tests/ConformanceTests/exceptions")
      }
    }
    for entry in exceptions.stated + exceptions.recorded
    where !outcomes.contains(where: { entry.matches($0.item.id) }) {
      Issue.record("'\(entry.pattern)' in exceptions names no case")
    }
  }

  /// The error in one line without the path of the case.
  private static func words(_ error: any Error, _ item: ConformanceCase) -> String {
    var words = "\(error)".replacing("\n", with: " ")
      .replacing(" (`pare ops` lists those that are)", with: "")
    for file in ["model.onnx", "test_data_set_0/"] {
      words = words.replacing("\(ConformanceCase.root)/\(item.id)/\(file): ", with: "")
      words = words.replacing("\(ConformanceCase.root)/\(item.id)/\(file)", with: "")
    }
    return words
  }
}
