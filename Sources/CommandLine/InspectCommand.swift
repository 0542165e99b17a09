public import ArgumentParser

/// `pare inspect`.
public struct InspectCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(commandName: "inspect")
  /// For the argument parser.
  public init() {}
}
