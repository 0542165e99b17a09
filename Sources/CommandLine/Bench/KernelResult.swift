import Foundation
import Kernels

/// What timing the kernels found.
struct KernelResult: Encodable {
  /// A kernel on a shape.
  struct Timing: Encodable {
    let type: String
    /// Whether the kernel is the one that a plan takes.
    let isChosen: Bool
    let profile: LayerProfile

    func encode(to encoder: any Encoder) throws {
      try profile.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(type, forKey: .type)
      try container.encode(isChosen, forKey: .isChosen)
    }

    private enum Key: CodingKey { case type, isChosen }
  }

  /// A sparse product with a part of its weights zero.
  struct Point: Encodable {
    let zeros: Double
    let ms: Double
    /// The dense time over this one: measured, and as the constants in use expect.
    let speedup: Double
    let expectedSpeedup: Double
  }

  /// Sparse products of a shape.
  struct Sparse: Encodable {
    let shape: String
    let type: String
    /// How zeros are skipped.
    ///
    /// `lanes`: pixels in the lanes of vectors, any zeros. `balanced`: outputs in lanes, as many zeros in
    /// each output.
    let form: String
    let denseMs: Double
    let points: [Point]
    /// The part of zeros from which on the sparse product is faster: measured, and expected; nil for
    /// nowhere.
    let evenZeros: Double?
    let expectedEvenZeros: Double?
  }

  /// A constant of the cost model.
  struct Cost: Encodable {
    let type: String
    let name: String
    let used: Double
    let found: Double
  }

  let threads: Int
  let isa = "\(InstructionSet.best)"
  let probe: ProbeReport
  var kernels: [Timing] = []
  var operators: [LayerProfile] = []
  var sparse: [Sparse] = []
  var costs: [Cost] = []
  var seconds = 0.0

  /// The result as lines of text.
  var text: String {
    var lines = ["kernels, \(threads) thread\(threads == 1 ? "" : "s"), \(isa)"]
    lines += ProfileText.roofs(probe)
    for type in ["f32", "u8s8"] {
      lines.append("\nproducts, \(type); * is what a plan takes")
      lines.append(
        ProfileText.kernels(
          kernels.filter { $0.type == type }.map { ($0.profile, $0.isChosen ? "*" : "") }))
      for form in ["lanes", "balanced"] {
        let rows = sparse.filter { $0.type == type && $0.form == form }
        if rows.isEmpty { continue }
        lines.append(
          "\nsparse products, \(type), \(form): times as fast as dense, (expected), and from which "
            + "zeros on")
        lines.append(sparseTable(rows))
      }
    }
    lines.append("\nother operators")
    lines.append(ProfileText.kernels(operators.map { ($0, "") }))
    lines.append(
      "\nconstants of KernelCosts that fit these times; in cycles of half a multiply each")
    lines += costLines
    lines.append(String(format: "\n%.1f s", seconds))
    return lines.joined(separator: "\n")
  }

  private func sparseTable(_ rows: [Sparse]) -> String {
    func percent(_ zeros: Double?) -> String {
      zeros.map { String(format: "%.0f %%", $0 * 100) } ?? "never"
    }
    return Text.table(
      rows.map { row in
        [row.shape, String(format: "%.4f", row.denseMs)]
          + row.points.map { String(format: "%.1f (%.1f)", $0.speedup, $0.expectedSpeedup) }
          + [percent(row.evenZeros), "(\(percent(row.expectedEvenZeros)))"]
      },
      header: ["shape", "dense ms"]
        + (rows.first?.points.map { String(format: "%.0f %% zeros", $0.zeros * 100) } ?? [])
        + ["even", ""])
  }

  /// The constants as `KernelCosts` has them in its source.
  private var costLines: [String] {
    ["u8s8", "f32"].map { type in
      let own = costs.filter { $0.type == type }
      func list(_ value: (Cost) -> Double) -> String {
        let terms = own.map { "\($0.name): " + String(format: "%.2f", value($0)) }
        return stride(from: 0, to: terms.count, by: 3).map { first in
          terms[first..<min(terms.count, first + 3)].joined(separator: ", ")
        }.joined(separator: ",\n    ")
      }
      return "  static let \(type) = KernelCosts(\n    \(list { $0.found }))\n  in use:\n"
        + "    \(list { $0.used })"
    }
  }
}
