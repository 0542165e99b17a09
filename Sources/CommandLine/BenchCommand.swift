public import ArgumentParser

/// `pare bench`.
public struct BenchCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(commandName: "bench")
  /// For the argument parser.
  public init() {}
}
