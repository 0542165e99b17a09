public import ArgumentParser
import Convert

/// All verbs under one name.
public struct Pare: ParsableCommand {
  /// Name, help and verbs.
  public static let configuration = CommandConfiguration(
    commandName: "pare",
    abstract: "Pares trained networks down for the edge.",
    discussion: """
      EXAMPLE
        pare convert model.onnx --prune 0.5 --quantize int8 --calibration photos
        pare inspect model.pare
        pare run model.pare photo.jpg
      """,
    version: Converter.version,
    subcommands: [
      ConvertCommand.self, InspectCommand.self, RunCommand.self, BenchCommand.self,
      EvaluateCommand.self, RankCommand.self, VerifyCommand.self, ExportCommand.self,
      OpsCommand.self, PackCommand.self, UnpackCommand.self, DiffCommand.self, PatchCommand.self,
      KeygenCommand.self, SignCommand.self, InstallCommand.self,
    ])

  /// For the argument parser.
  public init() {}
}
