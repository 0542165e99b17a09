import Foundation

/// Profiles as people read them, in lines of at most a hundred columns.
enum ProfileText {
  /// Columns for the names of layer and kernel together: what the numbers leave of a hundred.
  private static let nameColumns = 41

  static func table(_ layers: [LayerProfile]) -> String {
    let kernelColumns = min(layers.map { $0.shortKernel.count }.max() ?? 0, 24)
    let rows = layers.map { layer in
      [
        tail(layer.name, nameColumns - kernelColumns), head(layer.shortKernel, kernelColumns),
        String(format: "%.3f", layer.ms), String(format: "%.1f", layer.share * 100),
        String(format: "%.1f", Double(layer.effectiveMacs) / 1e6),
        String(format: "%.0f", layer.gops), String(format: "%.1f", layer.gbps), layer.bound,
        String(format: "%.0f %%", layer.fraction * 100),
      ]
    }
    return Text.table(
      rows,
      header: ["layer", "kernel", "ms", "%", "MMACs", "Gop/s", "GB/s", "roof", "of roof"])
  }

  /// What all layers take, what they would take at the roofs, and where those are.
  static func summary(_ total: ProfileTotals, _ probe: ProbeReport) -> String {
    var lines = [
      String(
        format: "  layers %.3f ms, at their roofs %.3f ms: %.1f %% of the limit", total.ms,
        total.limitMs, total.fraction * 100)
    ]
    lines += roofs(probe)
    if total.effectiveMacs < total.macs {
      lines.append(
        "  \(Text.count(total.macs)) multiply-accumulates, \(Text.count(total.effectiveMacs)) done: "
          + "zeros are skipped")
    }
    return lines.joined(separator: "\n")
  }

  /// What the probe found.
  static func roofs(_ probe: ProbeReport) -> [String] {
    [
      String(
        format: "  roofs: %.0f Gop/s float32, %.0f Gop/s int8,", probe.f32Gflops, probe.int8Gops),
      "  copies: " + rates(probe) { $0.gbps },
      "  changes in place: " + rates(probe) { $0.updateGbps },
    ]
  }

  private static func rates(
    _ probe: ProbeReport, _ rate: (ProbeReport.Copy) -> Double
  ) -> String {
    probe.copies.map { size($0.bytes) + String(format: " %.0f", rate($0)) }.joined(separator: ", ")
      + " GB/s"
  }

  /// Kernels on shapes, each with a mark.
  static func kernels(_ rows: [(profile: LayerProfile, mark: String)]) -> String {
    Text.table(
      rows.map { row in
        [
          tail(row.profile.name, 32), head(row.profile.shortKernel, 18) + row.mark,
          String(format: "%.4f", row.profile.ms), String(format: "%.0f", row.profile.gops),
          String(format: "%.1f", row.profile.gbps), row.profile.bound,
          String(format: "%.0f %%", row.profile.fraction * 100),
        ]
      }, header: ["shape", "kernel", "ms", "Gop/s", "GB/s", "roof", "of roof"])
  }

  /// Powers of two by their names: `512 KiB`.
  private static func size(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
  }

  private static func tail(_ text: String, _ columns: Int) -> String {
    text.count <= columns ? text : "…" + text.suffix(max(0, columns - 1))
  }

  private static func head(_ text: String, _ columns: Int) -> String {
    text.count <= columns ? text : text.prefix(max(0, columns - 1)) + "…"
  }
}
