public import ArgumentParser

/// `pare run`.
public struct RunCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(commandName: "run")
  /// For the argument parser.
  public init() {}
}
