public import ArgumentParser
import Convert
import Inspect
import Interpreter
import ModelFormat

/// `pare inspect`, and `inspect` by itself.
public struct InspectCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Tell what is in a model file, where every byte goes, and whether it is sound.",
    discussion: """
      EXAMPLE
        inspect model.pare --layers
        inspect model.onnx --json
      """,
    version: Converter.version)

  @Argument(help: ArgumentHelp("An .onnx or .pare file.", valueName: "model"))
  var model: String

  @Flag(help: "List every node with its shape, multiply-accumulates, parameters and bytes.")
  var layers = false

  @Flag(
    help: "List every constant with its encoding, zeros, bits for each weight and Shannon bound.")
  var tensors = false

  @Flag(help: "List the bytes of activations that are alive during each step.")
  var memory = false

  @Flag(help: "Only say whether the file obeys every rule; exit code 1 where it does not.")
  var check = false

  @OptionGroup var shared: ModelOptions

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Inspects and prints.
  public func run() throws {
    let loaded: LoadedModel
    do throws(ConvertError) {
      loaded = try LoadedModel(path: model, inputShapes: shared.shapes)
    } catch {
      if json { try JSON.print(["check": Self.check(error)]) }
      throw Failure(error)
    }
    if check {
      // Reading has verified every rule, digests among them.
      if json { return try JSON.print(["check": Inspection.Check.passed]) }
      return print("\(model): valid")
    }
    let inspection = try reporting { () throws -> Inspection in
      do throws(InterpreterError) {
        return try Inspection(
          path: model, graph: loaded.graph, metadata: loaded.metadata, file: loaded.file,
          byteCount: loaded.byteCount, constantBytes: loaded.constantBytes)
      } catch { throw ConvertError.plan(path: model, error) }
    }
    if json { return try JSON.print(inspection) }
    print(InspectionText.summary(inspection, warnings: loaded.warnings))
    if layers { print(InspectionText.layers(inspection)) }
    if tensors { print(InspectionText.tensors(inspection)) }
    if memory { print(InspectionText.memory(inspection)) }
  }

  private static func check(_ error: ConvertError) -> Inspection.Check {
    if case .opening(.model(_, let broken)) = error { return Inspection.Check(broken) }
    return Inspection.Check(message: error.description)
  }
}
