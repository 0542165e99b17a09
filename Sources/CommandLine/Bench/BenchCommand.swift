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
        pare bench --kernels
      """)

  @Argument(help: ArgumentHelp("An .onnx or .pare file.", valueName: "model"))
  var model: String?

  @OptionGroup var shared: ModelOptions
  @OptionGroup var work: WorkOption

  @Option(help: ArgumentHelp("Runs that count.", valueName: "n"))
  var runs = 50

  @Option(help: ArgumentHelp("Runs before those that count.", valueName: "n"))
  var warmup = 5

  @Flag(help: "Print the time of every layer, beside what the machine gives at most.")
  var profile = false

  @Option(
    help: ArgumentHelp("The order of the layers: time or order, as they run.", valueName: "by"))
  var sort = LayerOrder.time

  @Flag(
    help: "Time the kernels themselves on usual shapes, dense and sparse; takes no model.")
  var kernels = false

  @Flag(help: "Time opening an artifact instead: its outline, every check, and the digest alone.")
  var load = false

  @Option(
    help: ArgumentHelp("With --kernels: only what has this in its name.", valueName: "text"))
  var filter = ""

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Refuses counts that make no sense.
  public func validate() throws {
    guard kernels == (model == nil) else {
      throw ValidationError(
        kernels
          ? "--kernels takes no model" : "Missing expected argument '<model>', or --kernels")
    }
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
    guard let model else { return try runKernels() }
    if load {
      let result = try reporting {
        try LoadMeasurement(model: model, threads: shared.threads, runs: runs)
      }
      return if json { try JSON.print(result) } else { Console.say(result.text) }
    }
    let result = try reporting { try measure(model) }
    if json {
      try JSON.print(result)
    } else {
      Console.say(result.text(sortedByTime: sort == .time))
    }
  }

  private func runKernels() throws {
    let result = try KernelBenchmark(threads: shared.threads, filter: filter).run()
    if json { try JSON.print(result) } else { Console.say(result.text) }
  }

  private func measure(_ model: String) throws -> BenchResult {
    let start = ProcessCosts.now
    let loaded = try shared.load(model, workers: shared.threads)
    let interpreter = try loaded.interpreter(threads: shared.threads, limits: work.limits)
    let loadSeconds = ProcessCosts.now - start
    let network = try TimedNetwork(interpreter)
    let first = try network.time()
    for _ in 0..<warmup { _ = try network.time() }
    var times: [Double] = []
    for _ in 0..<runs { times.append(try network.time()) }
    // The probe's own memory is not the network's.
    let peak = ProcessCosts.peakBytes
    let found = try profile ? profiled(network) : nil
    return BenchResult(
      model: model, threads: shared.threads, load: loadSeconds, first: first, times: times,
      peakBytes: peak, profile: found, interpreter)
  }

  /// The median time of each step, and what the machine gives at most.
  private func profiled(_ network: TimedNetwork) throws -> BenchResult.Profile {
    let interpreter = network.interpreter
    let probe = MachineProbe(pool: interpreter.pool) { ProcessCosts.now }
    // One more for the nodes that depend on the data, which are no steps of the plan.
    var times = [[Double]](repeating: [], count: interpreter.steps.count + 1)
    for _ in 0..<min(runs, Self.maximumProfiledRuns) {
      network.fill()
      var last = ProcessCosts.now
      try interpreter.run { step in
        let now = ProcessCosts.now
        times[step].append(now - last)
        last = ProcessCosts.now
      }
      times[times.count - 1].append(ProcessCosts.now - last)
    }
    return BenchResult.Profile(
      seconds: times.map { $0.sorted()[$0.count / 2] }, probe: probe)
  }

  private static let maximumProfiledRuns = 1000
}

/// The order in which a profile lists layers.
enum LayerOrder: String, ExpressibleByArgument, CaseIterable {
  case time, order
}
