import Convert
import Foundation
import Interpreter
import Kernels

/// What a benchmark found.
///
/// Times are in milliseconds.
struct BenchResult: Encodable {
  /// The times of a profiled network.
  struct Profile {
    /// The median time of each step, in seconds; one more for the nodes without a plan.
    let seconds: [Double]
    let probe: MachineProbe
  }

  let model: String
  let threads: Int
  let runs: Int
  let loadMs: Double
  let firstMs: Double
  /// Nil where nothing ran.
  let latencyMs: Latency?
  let timesMs: [Double]
  let arenaBytes: Int
  let peakRssBytes: Int
  let isa: String
  let layers: [LayerProfile]?
  let layersTotal: ProfileTotals?
  let probe: ProbeReport?

  init(
    model: String, threads: Int, load: Double, first: Double, times: [Double], peakBytes: Int,
    profile: Profile?, _ interpreter: Interpreter
  ) {
    self.model = model
    self.threads = threads
    runs = times.count
    loadMs = load * 1000
    firstMs = first * 1000
    timesMs = times.map { $0 * 1000 }
    latencyMs = Latency(seconds: times)
    arenaBytes = interpreter.arenaBytes
    peakRssBytes = peakBytes
    isa = "\(InstructionSet.best)"
    layers = profile.map { Self.layers($0, interpreter) }
    layersTotal = layers.map { ProfileTotals($0) }
    probe = profile.map { ProbeReport($0.probe) }
  }

  private static func layers(_ profile: Profile, _ interpreter: Interpreter) -> [LayerProfile] {
    var layers = zip(interpreter.steps, profile.seconds).map { step, seconds in
      LayerProfile(step, seconds: seconds, profile.probe)
    }
    if interpreter.hasUnplannedNodes {
      layers.append(
        LayerProfile(
          name: "nodes without a plan", op: "", kernel: "node by node",
          seconds: profile.seconds.last ?? 0, macs: 0, effectiveMacs: 0, isInteger: false, bytes: 0,
          profile.probe))
    }
    let total = layers.reduce(0) { $0 + $1.ms }
    for index in layers.indices where total > 0 { layers[index].share = layers[index].ms / total }
    return layers
  }

  /// The result as lines of text; layers as they take time, or as they run.
  func text(sortedByTime: Bool) -> String {
    var lines = [
      latencyMs.map {
        String(
          format: "%@: %.3f ms median (%.3f best, 10 %% below %.3f, 90 %% below %.3f)", model,
          $0.median, $0.min, $0.p10, $0.p90)
      } ?? model,
      "  \(runs) runs, \(threads) thread\(threads == 1 ? "" : "s"), \(isa)",
      String(format: "  load %.1f ms, first run %.1f ms, activations ", loadMs, firstMs)
        + Text.bytes(arenaBytes) + ", peak memory " + Text.bytes(peakRssBytes),
    ]
    if let layers, let layersTotal, let probe {
      let ordered = sortedByTime ? layers.sorted { $0.ms > $1.ms } : layers
      lines.append(ProfileText.table(ordered))
      lines.append(ProfileText.summary(layersTotal, probe))
    }
    return lines.joined(separator: "\n")
  }
}
