import Convert
import Foundation

/// What a search did, in words.
enum SearchText {
  static func describe(
    _ search: SearchReport, _ choices: [LayerChoice], isVerbose: Bool
  ) -> String {
    var lines = ["  search for \(goal(search.goal)): " + outcome(search)]
    if let stopped = search.stopped { lines.append("    \(stopped): this is the best so far") }
    var counts: [String: (layers: Int, bytes: Int)] = [:]
    for choice in choices {
      counts[choice.treatment, default: (0, 0)].layers += 1
      counts[choice.treatment, default: (0, 0)].bytes += choice.bytes
    }
    let summary = counts.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }.map {
      [$0.key, "\($0.value.layers) layers", Text.bytes($0.value.bytes)]
    }
    lines.append(Text.table(summary, indent: "    "))
    let ranked = choices.sorted { ($1.error, $0.node) < ($0.error, $1.node) }
    lines.append("  what each layer got, the most error first:")
    let rows = ranked.prefix(isVerbose ? Int.max : 8).map { choice in
      [
        choice.node, choice.treatment, Text.bytes(choice.bytes),
        String(format: "%.5f", choice.error), choice.reason,
      ]
    }
    lines.append(
      Text.table(rows, header: ["", "", "bytes", "error", "why"], indent: "    "))
    if !isVerbose, ranked.count > 8 {
      lines.append("    and \(ranked.count - 8) more (--verbose)")
    }
    if isVerbose {
      lines.append("  forms that were made:")
      let steps = search.steps.map { step in
        [
          Text.bytes(step.bytes), String(format: "%.5f", step.error),
          step.ms.map { String(format: "%.3f ms", $0) } ?? "",
          step.drop.map { String(format: "%+.2f points", -$0 * 100) } ?? "",
          step.isMet ? "reaches the goal" : "",
        ]
      }
      lines.append(
        Text.table(steps, header: ["bytes", "error", "time", "top-1", ""], indent: "    "))
    }
    return lines.joined(separator: "\n")
  }

  /// What was missed; nil where nothing was.
  static func missed(_ report: ConversionReport) -> String? {
    guard let search = report.search else {
      return report.accuracy == nil
        ? "--target-size was not reached: \(Text.bytes(report.output.bytes)); the result is written all the "
          + "same" : nil
    }
    guard !search.isMet else { return nil }
    return
      "\(goal(search.goal)) was not reached: \(outcome(search)); the best that was found is written "
      + "all the same"
  }

  private static func goal(_ goal: SearchGoal) -> String {
    var parts: [String] = []
    if let bytes = goal.bytes { parts.append("at most \(Text.bytes(bytes))") }
    if let ms = goal.ms { parts.append(String(format: "at most %.3g ms", ms)) }
    if let drop = goal.drop { parts.append(String(format: "at most %.3g points lost", drop * 100)) }
    return parts.isEmpty ? "the fastest form that keeps the outputs" : parts.joined(separator: ", ")
  }

  private static func outcome(_ search: SearchReport) -> String {
    guard let best = search.best else { return "no form" }
    var parts = [Text.bytes(best.bytes)]
    if let ms = best.ms { parts.append(String(format: "%.3f ms", ms)) }
    if let drop = best.drop { parts.append(String(format: "%.2f points lost", drop * 100)) }
    return "\(search.steps.count) forms made, " + (search.isMet ? "reached" : "missed") + " with "
      + parts.joined(separator: ", ")
  }
}

/// What compression would do to each layer, as a table.
enum SensitivityText {
  static func describe(_ sensitivity: Sensitivity) -> String {
    // A treatment may not fit every layer.
    let names =
      sensitivity.layers.max { $0.options.count < $1.options.count }?.options
      .map(\.treatment) ?? []
    var header = ["layer, the most sensitive first", "operator", "weights"]
    header += names.dropFirst().map { "error \($0)" }
    header += names.map { "bytes \($0)" } + names.map { "ms \($0)" }
    let rows = sensitivity.ranked.map { layer in
      let options = names.map { name in layer.options.first { $0.treatment == name } }
      return [layer.node, layer.op, Text.count(layer.parameters)]
        + options.dropFirst().map { option in
          option.map { String(format: $0.isMeasured ? "%.6f" : "%.6f~", $0.error) } ?? ""
        } + options.map { $0.map { Text.count($0.bytes) } ?? "" }
        + options.map { option in
          (option?.ms).map { String(format: "%.4f", $0) } ?? ""
        }
    }
    var lines = [Text.table(rows, header: header)]
    lines.append(
      "  error: squared difference of the outputs over their squares where that layer alone is treated so, "
        + "on \(sensitivity.samples) samples; ~ is an estimate")
    if sensitivity.isPartial { lines.append("  stopped early: the last layers are estimated") }
    return lines.joined(separator: "\n")
  }
}
