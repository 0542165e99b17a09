public import ArgumentParser
import Convert
import Foundation
import Interpreter
import Kernels
import ModelFormat

/// `pare bench`.
public struct BenchCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how long a model takes, and which layers take it.",
    discussion: """
      EXAMPLE
        pare bench model.pare --threads 2 --profile
      """)

  @Argument(help: ArgumentHelp("An .onnx or .pare file.", valueName: "model"))
  var model: String

  @OptionGroup var shared: ModelOptions

  @Option(help: ArgumentHelp("Runs that count.", valueName: "n"))
  var runs = 50

  @Option(help: ArgumentHelp("Runs before those that count.", valueName: "n"))
  var warmup = 5

  @Flag(help: "Print the time of every layer.")
  var profile = false

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Refuses counts that make no sense.
  public func validate() throws {
    let most = 1_000_000_000
    guard (1...most).contains(runs) else {
      throw ValidationError("--runs \(runs): 1 to \(most) make sense")
    }
    guard (0...most).contains(warmup) else {
      throw ValidationError("--warmup \(warmup): 0 to \(most) make sense")
    }
  }

  /// Measures and prints.
  public func run() throws {
    let result = try reporting { try measure() }
    if json { try JSON.print(result) } else { print(result.text) }
  }

  private func measure() throws -> BenchResult {
    let start = ProcessCosts.now
    let loaded = try LoadedModel(path: model, inputShapes: shared.shapes)
    let interpreter = try loaded.interpreter(threads: shared.threads)
    let loadSeconds = ProcessCosts.now - start
    let samples = RandomSamples(seed: 0)
    let sample = interpreter.dependsOnData ? try samples.loadFitting(into: interpreter) : 0
    samples.load(sample, into: interpreter)
    let firstStart = ProcessCosts.now
    try interpreter.run()
    let first = ProcessCosts.now - firstStart
    var times: [Double] = []
    for index in 0..<(warmup + runs) {
      // Inputs are part of the arena and may have been overwritten: filling them is not timed.
      samples.load(sample, into: interpreter)
      let begin = ProcessCosts.now
      try interpreter.run()
      if index >= warmup { times.append(ProcessCosts.now - begin) }
    }
    var layers: [Double]?
    if profile {
      // One more for the nodes that depend on the data, which are no steps of the plan.
      var sums = [Double](repeating: 0, count: interpreter.steps.count + 1)
      for _ in 0..<runs {
        samples.load(sample, into: interpreter)
        var last = ProcessCosts.now
        try interpreter.run { step in
          let now = ProcessCosts.now
          sums[step] += now - last
          last = ProcessCosts.now
        }
        sums[sums.count - 1] += ProcessCosts.now - last
      }
      layers = sums.map { $0 / Double(runs) }
    }
    return BenchResult(
      model: model, threads: shared.threads, load: loadSeconds, first: first, times: times,
      layers: layers, interpreter)
  }
}

/// What a benchmark found.
///
/// Times are in milliseconds.
struct BenchResult: Encodable {
  /// The distribution of the time of one run.
  struct Latency: Encodable {
    let median: Double
    let p10: Double
    let p90: Double
    let min: Double
  }

  /// The time of one layer.
  struct Layer: Encodable {
    let name: String
    let op: String
    let kernel: String
    let ms: Double
    let macs: Int
  }

  let model: String
  let threads: Int
  let runs: Int
  let loadMs: Double
  let firstMs: Double
  let latencyMs: Latency
  let arenaBytes: Int
  let peakRssBytes: Int
  let isa: String
  let layers: [Layer]?

  init(
    model: String, threads: Int, load: Double, first: Double, times: [Double], layers: [Double]?,
    _ interpreter: Interpreter
  ) {
    let sorted = times.sorted().map { $0 * 1000 }
    func quantile(_ fraction: Double) -> Double {
      sorted[min(sorted.count - 1, Int(Double(sorted.count) * fraction))]
    }
    self.model = model
    self.threads = threads
    runs = times.count
    loadMs = load * 1000
    firstMs = first * 1000
    latencyMs = Latency(
      median: quantile(0.5), p10: quantile(0.1), p90: quantile(0.9), min: sorted[0])
    arenaBytes = interpreter.arenaBytes
    peakRssBytes = ProcessCosts.peakBytes
    isa = "\(InstructionSet.best)"
    self.layers = layers.map { seconds in
      zip(interpreter.steps, seconds).map { step, seconds in
        Layer(
          name: step.name, op: step.op, kernel: step.kernel, ms: seconds * 1000,
          macs: step.multiplyAccumulates)
      }
        + (interpreter.hasUnplannedNodes
          ? [
            Layer(
              name: "nodes without a plan", op: "", kernel: "node by node",
              ms: (seconds.last ?? 0) * 1000, macs: 0)
          ] : [])
    }
  }

  /// The result as lines of text.
  var text: String {
    var lines = [
      String(
        format: "%@: %.3f ms median (%.3f best, 10 %% below %.3f, 90 %% below %.3f)", model,
        latencyMs.median, latencyMs.min, latencyMs.p10, latencyMs.p90),
      "  \(runs) runs, \(threads) thread\(threads == 1 ? "" : "s"), \(isa)",
      String(format: "  load %.1f ms, first run %.1f ms, activations ", loadMs, firstMs)
        + Text.bytes(arenaBytes) + ", peak memory " + Text.bytes(peakRssBytes),
    ]
    if let layers {
      let total = layers.reduce(0) { $0 + $1.ms }
      lines.append(
        Text.table(
          layers.map { layer in
            [
              layer.name, layer.op, layer.kernel, String(format: "%.4f", layer.ms),
              String(format: "%.1f", 100 * layer.ms / total), Text.count(layer.macs),
              layer.macs > 0
                ? String(format: "%.1f", Double(layer.macs) * 2 / layer.ms / 1e6) : "0",
            ]
          }, header: ["layer", "op", "kernel", "ms", "%", "MACs", "Gop/s"]))
    }
    return lines.joined(separator: "\n")
  }
}
