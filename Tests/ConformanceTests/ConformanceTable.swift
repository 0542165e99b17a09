import Foundation

/// What came of one case.
struct Outcome {
  let item: ConformanceCase
  /// What went wrong, or nil.
  let error: String?
  /// Why the case is left out, or nil.
  let reason: String?

  init(_ item: ConformanceCase, error: String?, reason: String?) {
    self.item = item
    self.error = error
    self.reason = reason
  }

  /// Where the outcome is counted: passed, left out, failed.
  var column: Int { error == nil ? 0 : reason == nil ? 2 : 1 }
}

/// Outcomes counted by operator.
struct ConformanceTable {
  private let outcomes: [Outcome]

  init(_ outcomes: [Outcome]) { self.outcomes = outcomes }

  /// One line for each operator of each collection.
  var rows: String {
    var lines = [Self.line("operator", "passed", "left out", "failed")]
    for (collection, members) in Self.grouped(outcomes, by: { $0.item.collection }) {
      let counts = Self.counts(members)
      lines += ["", Self.line(collection, counts)]
      for (op, cases) in Self.grouped(members, by: { $0.item.subject }) {
        lines.append(Self.line("  " + op, Self.counts(cases)))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The totals in one line.
  var totals: String {
    let counts = Self.counts(outcomes)
    return "conformance: \(counts[0]) of \(outcomes.count) cases passed, \(counts[1]) left out, "
      + "\(counts[2]) failed"
  }

  private static func grouped(
    _ outcomes: [Outcome], by key: (Outcome) -> String
  ) -> [(key: String, value: [Outcome])] {
    Dictionary(grouping: outcomes, by: key).sorted { $0.key < $1.key }
  }

  private static func counts(_ outcomes: [Outcome]) -> [Int] {
    outcomes.reduce(into: [0, 0, 0]) { counts, outcome in counts[outcome.column] += 1 }
  }

  private static func line(_ name: String, _ counts: [Int]) -> String {
    line(name, "\(counts[0])", "\(counts[1])", "\(counts[2])")
  }

  private static func line(_ name: String, _ columns: String...) -> String {
    name.padding(toLength: max(36, name.count), withPad: " ", startingAt: 0)
      + columns.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined()
  }
}
