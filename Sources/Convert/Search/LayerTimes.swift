import Interpreter
import ModelFormat

/// How long each node of a network takes.
struct LayerTimes {
  /// Milliseconds by the node's name: the least of several runs, which noise only makes longer.
  private(set) var milliseconds: [String: Double] = [:]
  /// Milliseconds of a whole run.
  private(set) var total = 0.0

  /// Times `runs` runs of `graph`.
  init(_ graph: Graph, threads: Int, runs: Int) throws(ConvertError) {
    let network: TimedNetwork
    do throws(InterpreterError) {
      network = try TimedNetwork(Interpreter(graph, threads: threads))
    } catch { throw .graph(error) }
    let interpreter = network.interpreter
    var least = [Double](repeating: .infinity, count: interpreter.steps.count)
    for run in 0..<(runs + 2) {
      network.fill()
      var last = ProcessCosts.now
      try interpreter.compute { step in
        let now = ProcessCosts.now
        // The first runs bring weights into the caches.
        if run >= 2 { least[step] = min(least[step], now - last) }
        last = ProcessCosts.now
      }
    }
    for (step, seconds) in zip(interpreter.steps, least) where seconds.isFinite {
      milliseconds[step.name, default: 0] += seconds * 1000
      total += seconds * 1000
    }
  }
}
