public import Interpreter

/// A network whose runs are timed, always on the same random sample.
public struct TimedNetwork {
  /// The network.
  public let interpreter: Interpreter
  private let samples = RandomSamples(seed: 0)
  private let sample: Int

  /// A network with the first random sample that fits it.
  ///
  /// - Throws: the error about the first sample, where none fits.
  public init(_ interpreter: Interpreter) throws(InterpreterError) {
    self.interpreter = interpreter
    sample = interpreter.dependsOnData ? try samples.loadFitting(into: interpreter) : 0
  }

  /// Fills the inputs.
  ///
  /// They are part of the arena, and a run may have written over them; filling them is not timed.
  public func fill() { samples.load(sample, into: interpreter) }

  /// The seconds of one run.
  public func time() throws(InterpreterError) -> Double {
    fill()
    let start = ProcessCosts.now
    try interpreter.run()
    return ProcessCosts.now - start
  }

  /// Times `networks` in turn, in `rounds` rounds of `runs` runs each, so that what else the machine
  /// does hits all alike.
  ///
  /// Each turn begins with runs that do not count, until the network's weights are in the caches
  /// again, and each round with another network.
  /// - Parameters:
  ///   - warmup: uncounted runs at the start of each turn.
  ///   - progress: called after each round with all times so far, in the order of `networks`.
  /// - Returns: the seconds of each network's runs; empty for one that failed.
  public static func interleaved(
    _ networks: [TimedNetwork], rounds: Int, runs: Int, warmup: Int = 2,
    progress: (_ round: Int, _ seconds: [[Double]]) -> Void = { _, _ in }
  ) -> [[Double]] {
    var seconds = [[Double]](repeating: [], count: networks.count)
    var failed = Set<Int>()
    for round in 0..<rounds {
      for turn in networks.indices {
        let index = (turn + round) % networks.count
        guard !failed.contains(index) else { continue }
        do throws(InterpreterError) {
          for _ in 0..<warmup { _ = try networks[index].time() }
          for _ in 0..<runs { seconds[index].append(try networks[index].time()) }
        } catch {
          failed.insert(index)
          seconds[index] = []
        }
      }
      progress(round + 1, seconds)
    }
    return seconds
  }
}
