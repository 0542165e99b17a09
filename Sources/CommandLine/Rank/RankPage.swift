import Convert
import Foundation

/// The report of a ranking as one page that needs nothing else.
struct RankPage {
  private let report: RankReport

  init(_ report: RankReport) { self.report = report }

  /// The page.
  var text: String {
    Page.document(
      title: "Ways to compress \(Page.lastPart(report.model))",
      body: [
        "<h1>Ways to compress \(Page.escaped(Page.lastPart(report.model)))</h1>",
        "<p>\(Page.escaped(RankText.heading(report))).</p>", plots, figures, ranks, notes, commands,
        origin,
      ])
  }

  private var accuracy: String {
    switch report.measure {
    case .top1: "top-1, %"
    case .agreement: "same class as the original, %"
    case .cosine: "cosine with the original"
    }
  }

  /// Accuracy against time and against size; what failed or collapsed is not drawn.
  private var plots: String {
    let unit = byteUnit
    let size = ParetoPlot(
      points: points {
        $0.bytes.map { Double($0) / unit.bytes }
      } isBest: {
        $0.isParetoSize
      } original: {
        Double($0.bytes) / unit.bytes
      }, costLabel: "file, \(unit.name)", gainLabel: accuracy)
    let latency = ParetoPlot(
      points: points {
        $0.latencyMs?.median
      } isBest: {
        $0.isParetoLatency
      } original: {
        $0.latencyMs?.median
      }, costLabel: "median time of a run, ms", gainLabel: accuracy)
    return """
      <div class="plots">
      <figure>\(latency.svg)<figcaption>Accuracy against time</figcaption></figure>
      <figure>\(size.svg)<figcaption>Accuracy against size</figcaption></figure>
      </div>
      <p class="key"><span class="dot best"></span>no other method is as accurate for less
      <span class="dot other"></span>another one is
      <span class="dot original"></span>the original</p>
      """
  }

  private func points(
    _ cost: (RankReport.Row) -> Double?, isBest: (RankReport.Row) -> Bool,
    original: (RankReport.Original) -> Double?
  ) -> [ParetoPlot.Point] {
    let factor = report.measure == .cosine ? 1.0 : 100
    let cells = RankText.figures(report)
    let header = RankText.columns(report)
    func title(_ index: Int) -> String {
      zip(header, cells[index]).filter { !$1.isEmpty }.map { $0.isEmpty ? $1 : "\($0) \($1)" }
        .joined(separator: ", ")
    }
    var points: [ParetoPlot.Point] = []
    if let gain = report.original.accuracy, let cost = original(report.original) {
      points.append(
        .init(
          name: "original", cost: cost, gain: gain * factor, isOnFrontier: false, isOriginal: true,
          title: title(0)))
    }
    for (index, row) in report.rows.enumerated() where row.ranks != nil {
      guard let gain = row.accuracy, let cost = cost(row) else { continue }
      points.append(
        .init(
          name: row.name, cost: cost, gain: gain * factor, isOnFrontier: isBest(row),
          isOriginal: false, title: title(index + 1)))
    }
    return points
  }

  private var byteUnit: (name: String, bytes: Double) {
    let largest = max(report.original.bytes, report.rows.compactMap(\.bytes).max() ?? 0)
    return largest >= 1_000_000 ? ("MB", 1e6) : ("kB", 1e3)
  }

  private var figures: String {
    "<h2>Figures</h2>" + Page.table(RankText.figures(report), header: RankText.columns(report))
  }

  private var ranks: String {
    let rows = report.rows.filter { $0.ranks != nil }.map { RankText.ranks($0) }
    guard !rows.isEmpty else { return "" }
    return "<h2>Ranks</h2>"
      + Page.table(
        rows, header: ["", "rank", "overall"] + RankText.criteria + [RankText.frontier])
  }

  private var notes: String {
    "<ul>"
      + (RankText.notes(report) + report.warnings).map { "<li>\(Page.escaped($0))</li>" }.joined()
      + "</ul>"
  }

  private var commands: String {
    "<h2>Commands</h2>"
      + report.rows.map { row in
        "<p>\(Page.escaped(row.name))</p><pre>\(Page.escaped(row.command))</pre>"
      }.joined(separator: "\n")
  }

  private var origin: String {
    let machine = report.machine
    let facts = [
      machine.processor, "\(machine.processors) processors",
      "\(Text.bytes(machine.memoryBytes)) of memory", machine.system,
      "kernels for \(machine.isa)", "pare \(report.version)",
    ]
    return "<footer>\(Page.escaped(facts.joined(separator: " · ")))</footer>"
  }
}
