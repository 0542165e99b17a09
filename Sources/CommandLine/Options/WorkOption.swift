import ArgumentParser
import Interpreter

/// What a run may take, for the verbs that run models.
struct WorkOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The most multiply-accumulates of one run. An element that is moved or put through a function counts "
        + "as 16.",
      valueName: "n"))
  var maxWork = RunLimits().work

  func validate() throws {
    guard maxWork >= 1 else { throw ValidationError("--max-work \(maxWork): at least 1") }
  }

  /// The limits of an interpreter.
  var limits: RunLimits { RunLimits(work: maxWork) }
}
