public import Interpreter

/// Inputs made from a seed, for measuring where nobody gave samples.
public struct RandomSamples: Sendable {
  private let seed: UInt64

  /// Samples that are the same for the same seed.
  public init(seed: UInt64) { self.seed = seed }

  /// Fills every input with the first of a hundred samples that the network can compute with, and
  /// computes the outputs.
  ///
  /// Only a network whose shapes depend on its inputs refuses any.
  /// - Throws: the error about the first sample, where no sample fits.
  public func loadFitting(into interpreter: Interpreter) throws(InterpreterError) -> Int {
    for index in 0..<100 {
      load(index, into: interpreter)
      if (try? interpreter.run()) != nil { return index }
    }
    load(0, into: interpreter)
    try interpreter.run()
    return 0
  }

  /// Fills every input of `interpreter` with sample `index`: floats of a standard normal distribution,
  /// roughly; integers from 0 to 255.
  public func load(_ index: Int, into interpreter: Interpreter) {
    var random = RandomStream(
      seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: index) &+ 1)
    interpreter.fillInputs(&random)
  }
}
