import Convert
import Foundation

/// The report of a ranking in words and tables.
enum RankText {
  static func describe(_ report: RankReport) -> String {
    var lines = [heading(report)]
    lines.append(Text.table(figures(report), header: columns(report)))
    let ranked = report.rows.filter { $0.ranks != nil }
    if !ranked.isEmpty {
      lines.append("")
      lines.append(
        Text.table(
          ranked.map { ranks($0) }, header: ["", "rank", "overall"] + criteria + [frontier]))
    }
    lines += notes(report).map { "  " + $0 }
    return lines.joined(separator: "\n")
  }

  /// What was measured on what.
  static func heading(_ report: RankReport) -> String {
    let runs = report.runs > 0 ? "times of \(report.runs) runs in turn" : "no times yet"
    return "\(report.model): \(accuracy(report)), \(runs) on \(report.threads) "
      + "thread\(report.threads == 1 ? "" : "s")"
  }

  /// What the column of accuracy is, in words.
  static func accuracy(_ report: RankReport) -> String {
    let source = report.data.map { "samples of \($0)" } ?? "random samples"
    switch report.measure {
    case .top1: return "top-1 on \(report.samples) \(source)"
    case .agreement:
      return "no labels: same class as the original on \(report.samples) \(source)"
    case .cosine:
      return "no labels: cosine with the original's output on \(report.samples) \(source)"
    }
  }

  static let criteria = ["accuracy", "latency", "size", "time"]
  static let frontier = "best trade in accuracy for"

  /// The names of the columns of figures.
  static func columns(_ report: RankReport) -> [String] {
    let accuracy =
      switch report.measure {
      case .top1: "top-1"
      case .agreement: "agrees"
      case .cosine: "cosine"
      }
    return [
      "", accuracy, "points", "ms", "10 %", "90 %", "speed", "file", "size", "seconds", "CPU s",
    ]
  }

  /// The rows of figures, the original's first.
  static func figures(_ report: RankReport) -> [[String]] {
    let original = report.original
    let first =
      ["original", fraction(original.accuracy, report), ""] + times(original.latencyMs)
      + ["", Text.bytes(original.bytes), "", "", ""]
    return [first]
      + report.rows.map { row in
        [row.name, fraction(row.accuracy, report), points(row.drop, report)] + times(row.latencyMs)
          + [
            ratio(row.speedup), row.bytes.map { Text.bytes($0) } ?? "", ratio(row.sizeRatio),
            seconds(row.seconds), seconds(row.cpuSeconds),
          ]
      }
  }

  /// One row of ranks.
  static func ranks(_ row: RankReport.Row) -> [String] {
    let ranks = row.ranks
    let places = [ranks?.accuracy, ranks?.latency, ranks?.size, ranks?.time]
    return [row.name, row.place.map { "\($0)" } ?? "", mean(ranks?.overall)]
      + places.map { rank($0) } + [trades(row)]
  }

  /// What an artifact gives the best accuracy for.
  static func trades(_ row: RankReport.Row) -> String {
    [row.isParetoLatency ? "latency" : nil, row.isParetoSize ? "size" : nil]
      .compactMap { $0 }.joined(separator: ", ")
  }

  /// What tables do not say.
  static func notes(_ report: RankReport) -> [String] {
    var notes: [String] = []
    for row in report.rows {
      if let error = row.error { notes.append("\(row.name) failed: \(error)") }
      if row.hasCollapsed {
        notes.append(
          "\(row.name) has collapsed: its predictions are not those of the original; no rank")
      }
    }
    let weights = report.weights
    notes.append(
      "rank 1 is the best, equal figures share the mean of their places; overall is "
        + (weights == RankWeights()
          ? "the mean"
          : String(
            format: "the mean with weights accuracy %g, latency %g, size %g, time %g",
            weights.accuracy, weights.latency, weights.size, weights.time)))
    if !report.isComplete { notes.append("interrupted: only what was measured until then") }
    return notes
  }

  private static func fraction(_ value: Double?, _ report: RankReport) -> String {
    value.map {
      report.measure == .cosine ? String(format: "%.4f", $0) : Text.percent($0)
    } ?? ""
  }

  private static func points(_ drop: Double?, _ report: RankReport) -> String {
    guard report.measure != .cosine else { return "" }
    return drop.map { String(format: "%+.1f", $0 == 0 ? 0 : -$0 * 100) } ?? ""
  }

  /// Milliseconds with three digits that count, as they are ranked.
  static func milliseconds(_ value: Double) -> String {
    let order = value > 0 ? Int(log10(value).rounded(.down)) : 0
    return String(format: "%.\(max(0, 2 - order))f", value)
  }

  private static func times(_ latency: Latency?) -> [String] {
    guard let latency else { return ["", "", ""] }
    return [latency.median, latency.p10, latency.p90].map { milliseconds($0) }
  }

  private static func ratio(_ value: Double?) -> String {
    value.map { String(format: "%.2fx", $0) } ?? ""
  }

  private static func seconds(_ value: Double?) -> String {
    value.map { String(format: "%.2f", $0) } ?? ""
  }

  private static func mean(_ value: Double?) -> String {
    value.map { String(format: "%.2f", $0) } ?? ""
  }

  private static func rank(_ value: Double?) -> String {
    value.map { String(format: $0 == $0.rounded() ? "%.0f" : "%.1f", $0) } ?? ""
  }
}
