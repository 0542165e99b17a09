public import ArgumentParser

/// `pare ops`.
public struct OpsCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(commandName: "ops")
  /// For the argument parser.
  public init() {}
}
