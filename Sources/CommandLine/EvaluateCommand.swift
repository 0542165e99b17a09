public import ArgumentParser

/// `pare evaluate`.
public struct EvaluateCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(commandName: "evaluate")
  /// For the argument parser.
  public init() {}
}
