import Convert
import Foundation
import Interpreter

/// The report of a conversion in words.
enum ConversionText {
  static func describe(_ report: ConversionReport, isVerbose: Bool) -> String {
    var lines: [String] = []
    let ratio = Double(report.input.bytes) / Double(max(1, report.output.bytes))
    let name = report.isDryRun ? "\(report.output.path) (not written)" : report.output.path
    lines.append("\(name): \(verdict(report))")
    var rows: [[String]] = []
    rows.append([
      "file", Text.bytes(report.input.bytes), Text.bytes(report.output.bytes),
      String(format: "%.2f times smaller", ratio),
    ])
    if let before = report.input.totals, let after = report.totals {
      rows.append([
        "weights", Text.count(before.parameters), Text.count(after.nonzero) + " not zero",
        Text.percent(1 - Double(after.nonzero) / Double(max(1, after.parameters))) + " zeros",
      ])
      rows.append([
        "multiply-accumulates", Text.count(before.macs), Text.count(after.effectiveMacs),
        "without those by zero",
      ])
    }
    if let accuracy = report.accuracy {
      rows.append([
        "top-1", Text.percent(accuracy.before), Text.percent(accuracy.after),
        String(
          format: "%+.1f points on %d samples", (accuracy.after - accuracy.before) * 100,
          accuracy.samples),
      ])
    }
    lines.append(Text.table(rows, header: ["", "before", "after", ""]))
    if let proof = report.verification, proof.samples == 0 {
      lines.append("  not verified: no random sample fits the network; give --calibration")
    } else if let proof = report.verification {
      let line = String(
        format: "  verified on %d %@ samples: cosine %.5f, largest error %.3g of %.3g",
        proof.samples,
        proof.source, proof.cosine, proof.maxAbs, proof.largest)
      lines.append(
        line
          + (proof.isClassification ? ", same top-1 on " + Text.percent(proof.top1Agreement) : ""))
    }
    if let resumed = report.resumed { lines.append("  went on from its checkpoint: " + resumed) }
    if !report.leftInFloat.isEmpty {
      lines.append("  left in float:")
      for layer in report.leftInFloat.prefix(isVerbose ? Int.max : 3) {
        lines.append("    '\(layer.node)': \(layer.reason)")
      }
      if report.leftInFloat.count > 3, !isVerbose {
        lines.append("    and \(report.leftInFloat.count - 3) more (--verbose)")
      }
    }
    if let search = report.search {
      lines.append(SearchText.describe(search, report.choices, isVerbose: isVerbose))
    }
    if isVerbose {
      lines.append("  passes:")
      let passes = report.passes.map { pass in
        [
          pass.name, String(format: "%.2f", pass.seconds), String(format: "%.2f", pass.cpuSeconds),
          Text.bytes(pass.peakRssBytes),
          pass.peakGrowthBytes > 0 ? Text.bytes(pass.peakGrowthBytes) : "",
          pass.calibrationSamples > 0 ? "\(pass.calibrationSamples)" : "", pass.effect,
        ]
      }
      let header = ["", "seconds", "CPU s", "peak memory", "raised by", "samples", ""]
      lines.append(Text.table(passes, header: header, indent: "    "))
    }
    for hint in report.hints { lines.append("  hint: " + hint) }
    lines.append(
      String(
        format: "  %.2f s, %.2f s of CPU time, peak memory ", report.seconds, report.cpuSeconds)
        + Text.bytes(report.peakRssBytes))
    return lines.joined(separator: "\n")
  }

  private static func verdict(_ report: ConversionReport) -> String {
    if report.hasCollapsed { return "COLLAPSED: its predictions are not those of the original" }
    if report.isLarger { return "larger than the source" }
    if let search = report.search, !search.isMet { return "misses its target" }
    if report.missedTarget {
      return report.accuracy == nil
        ? "misses its target" : "loses more accuracy than --max-drop allows"
    }
    guard let proof = report.verification else { return "written, not verified" }
    let isClose = proof.isClassification ? proof.top1Agreement > 0.9 : proof.cosine > 0.99
    return isClose ? "verified" : "verified, with differences"
  }
}
