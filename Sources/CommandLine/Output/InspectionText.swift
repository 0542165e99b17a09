import Foundation
import Inspect
import ModelFormat

/// An inspection in words and tables.
enum InspectionText {
  static func summary(_ report: Inspection, warnings: [String]) -> String {
    var lines: [String] = []
    let file = report.file
    lines.append(
      "\(file.path): valid, \(file.format)\(file.version.isEmpty ? "" : " \(file.version)"), "
        + "\(Text.count(file.bytes)) bytes")
    if !file.digest.isEmpty { lines.append("  digest \(file.digest)") }
    if file.release > 0 { lines.append("  release \(file.release)") }
    if let key = file.signedBy {
      lines.append("  signed by key \(key); --verify-key checks it")
    }
    for warning in warnings { lines.append("  note: \(warning)") }
    if let origin = report.origin { lines += self.origin(origin, file.bytes) }

    lines.append("\nwhere every byte goes")
    lines.append(
      Text.table(
        report.sections.map { section in
          [
            section.name, Text.count(section.bytes),
            Text.percent(Double(section.bytes) / Double(max(1, file.bytes))),
          ]
        } + [["sum", Text.count(report.sections.reduce(0) { $0 + $1.bytes }), ""]]))

    let totals = report.totals
    let zeros = 1 - Double(totals.nonzero) / Double(max(1, totals.parameters))
    let bound = report.tensors.reduce(0) { $0 + $1.entropyBytes }
    lines.append("\ntotals")
    lines.append(
      Text.table([
        ["parameters", Text.count(totals.parameters), "\(Text.percent(zeros)) of them zero"],
        [
          "multiply-accumulates", Text.count(totals.macs),
          "\(Text.count(totals.effectiveMacs)) without those by zero",
        ],
        [
          "bytes of constants", Text.count(totals.weightBytes),
          "Shannon bound of their elements \(Text.count(bound))",
        ],
        ["bytes to ship", Text.count(totals.wireBytes), "as 'pare pack' codes them"],
        [
          "bytes of activations", Text.count(totals.arenaBytes),
          "set by '\(report.memory.peakStep)'",
        ],
      ]))
    lines.append("\nencodings")
    lines.append(encodings(report.tensors))
    return lines.joined(separator: "\n")
  }

  private static func origin(_ origin: Inspection.Origin, _ bytes: Int) -> [String] {
    var lines: [String] = []
    let ratio = Double(origin.sourceBytes) / Double(max(1, bytes))
    lines.append(
      "  from \(origin.source), \(Text.count(origin.sourceBytes)) bytes"
        + String(format: " (%.2f times as large)", ratio) + ", by \(origin.tool)")
    lines += origin.passes.map { "  pass \($0)" }
    lines += origin.measurements.map { "  measured \($0)" }
    if let preprocessing = origin.preprocessing {
      lines.append("  images prepared as '\(preprocessing)'")
    }
    if origin.labels > 0 { lines.append("  \(origin.labels) class names") }
    return lines
  }

  private static func encodings(_ tensors: [TensorReport]) -> String {
    let groups = Dictionary(grouping: tensors) { "\($0.type) \($0.encoding)" }
    let rows = groups.keys.sorted().map { key -> [String] in
      let group = groups[key] ?? []
      let elements = group.reduce(0) { $0 + $1.shape.reduce(1, *) }
      let bytes = group.reduce(0) { $0 + $1.bytes }
      return [
        key, Text.count(group.count), Text.count(elements), Text.count(bytes),
        String(format: "%.2f", Double(bytes) * 8 / Double(max(1, elements))),
      ]
    }
    return Text.table(rows, header: ["stored as", "tensors", "elements", "bytes", "bits each"])
  }

  static func layers(_ report: Inspection) -> String {
    let rows = report.layers.map { layer in
      [
        layer.name, layer.op, layer.outputShape.map { Shape($0).description } ?? "by data",
        layer.outputType,
        Text.count(layer.macs), Text.count(layer.parameters), Text.percent(layer.zeros),
        Text.count(layer.bytes),
      ]
    }
    return "\nlayers\n"
      + Text.table(
        rows, header: ["name", "op", "output", "type", "MACs", "parameters", "zeros", "bytes"])
  }

  static func tensors(_ report: Inspection) -> String {
    let rows = report.tensors.map { tensor -> [String] in
      let count = tensor.shape.reduce(1, *)
      let zeros = count == 0 ? 0 : 1 - Double(tensor.nonzero) / Double(count)
      return [
        tensor.name, Shape(tensor.shape).description, tensor.type, tensor.encoding,
        Text.count(tensor.bytes), Text.percent(zeros),
        String(format: "%.2f", tensor.bitsPerWeight), Text.count(tensor.entropyBytes),
        Text.count(tensor.wireBytes),
      ]
    }
    return "\ntensors\n"
      + Text.table(
        rows,
        header: [
          "name", "shape", "type", "encoding", "bytes", "zeros", "bits each", "Shannon bytes",
          "to ship",
        ])
  }

  static func memory(_ report: Inspection) -> String {
    let rows = report.memory.steps.map { step in
      [step.name, Text.count(step.bytes), step.name == report.memory.peakStep ? "peak" : ""]
    }
    return "\nmemory\n" + Text.table(rows, header: ["step", "bytes alive", ""])
  }
}
