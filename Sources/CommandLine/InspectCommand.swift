public import ArgumentParser
import Convert
import Inspect
import Interpreter
import ModelFormat
import Ship

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
        inspect model.onnx --sensitivity --calibration photos
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

  @Flag(
    help: "List sections and tensors of an artifact without reading its data, however large it is.")
  var outline = false

  @Flag(
    help: ArgumentHelp(
      "Measure what int8, int4 and blocks of zeros would do to each layer: error of the outputs, bytes, "
        + "time; the most sensitive first."))
  var sensitivity = false

  @Option(
    help: ArgumentHelp(
      "Samples for --sensitivity, as for convert; random numbers, and float activations, without.",
      valueName: "path"))
  var calibration: String?

  @Option(help: ArgumentHelp("Use at most this many calibration samples.", valueName: "n"))
  var samples = 100

  @OptionGroup var images: PreprocessingOptions
  @OptionGroup var shared: ModelOptions

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Refuses combinations that make no sense.
  public func validate() throws {
    guard samples >= 1 else { throw ValidationError("--samples \(samples): at least 1") }
    if outline, check || sensitivity || layers || tensors || memory || shared.verifyKey != nil {
      throw ValidationError("--outline reads no data, so that it goes with --json alone")
    }
    if calibration != nil, !sensitivity {
      throw ValidationError("--calibration is for --sensitivity")
    }
  }

  /// Inspects and prints.
  public func run() throws {
    if outline {
      let report = try reporting {
        OutlineReport(path: model, try ModelReader.outline(path: model))
      }
      return if json { try JSON.print(report) } else { Console.say(report.text) }
    }
    if sensitivity, !check { return try measure() }
    let loaded: LoadedModel
    do {
      loaded = try shared.load(model)
    } catch let error as ConvertError {
      if json { try JSON.print(["check": Self.check(error)]) }
      throw Failure(error)
    } catch let error as ShipError {
      if json { try JSON.print(["check": Inspection.Check(message: error.description)]) }
      throw Failure(error)
    }
    if check {
      // Reading has verified every rule, digests among them.
      if json { return try JSON.print(["check": Inspection.Check.passed]) }
      return Console.say("\(model): valid")
    }
    let inspection = try reporting { () throws -> Inspection in
      do throws(InterpreterError) {
        return try Inspection(
          path: model, graph: loaded.graph, metadata: loaded.metadata, file: loaded.file,
          byteCount: loaded.byteCount, constantBytes: loaded.constantBytes)
      } catch { throw ConvertError.plan(path: model, error) }
    }
    if json { return try JSON.print(inspection) }
    Console.say(InspectionText.summary(inspection, warnings: loaded.warnings))
    if layers { Console.say(InspectionText.layers(inspection)) }
    if tensors { Console.say(InspectionText.tensors(inspection)) }
    if memory { Console.say(InspectionText.memory(inspection)) }
  }

  /// Measures what compression would do to each layer.
  private func measure() throws {
    var options = ConversionOptions(input: model, output: model)
    options.calibration = calibration
    options.samples = samples
    options.preprocessing = try images.resolve()
    options.inputShapes = shared.shapes
    options.threads = shared.threads
    let stop = StopSignal()
    // The first time layers that are left are estimated; the second time the process ends.
    Interruption.handle {
      defer { stop.give() }
      return stop.wasGiven
    }
    let display = ProgressDisplay(json ? .none : .auto)
    let found = try reporting {
      try Sensitivity.measure(options, stop: stop) { display.show($0) }
    }
    display.finish()
    for warning in found.warnings { Console.warn(warning) }
    if json { return try JSON.print(["sensitivity": found.sensitivity]) }
    Console.say(SensitivityText.describe(found.sensitivity))
  }

  private static func check(_ error: ConvertError) -> Inspection.Check {
    if case .opening(.model(_, let broken)) = error { return Inspection.Check(broken) }
    return Inspection.Check(message: error.description)
  }
}
