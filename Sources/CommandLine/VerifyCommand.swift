public import ArgumentParser

/// `pare verify`.
public struct VerifyCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(commandName: "verify")
  /// For the argument parser.
  public init() {}
}
