public import ArgumentParser
import Convert
import Foundation

/// `pare export`.
public struct ExportCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model as standard ONNX, which other runtimes load.",
    discussion: """
      EXAMPLE
        pare export model.pare -o model.onnx --opset 17

      What computes in integers stands between QuantizeLinear and DequantizeLinear; weights stay int8 \
      behind DequantizeLinear; pruned weights are zeros. What is quantized at run time becomes \
      DynamicQuantizeLinear with ConvInteger or MatMulInteger. float16 weights stand behind Cast. \
      Fused activations and residuals are nodes again. Labels and preprocessing become metadata.
      """)

  @Argument(help: ArgumentHelp("A .pare or .onnx file.", valueName: "model"))
  var model: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The file to write.", valueName: "out.onnx"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "ONNX's operator set, 13 to 24; the source's where that is one of them, else 17, unless stated.",
      valueName: "n"))
  var opset: Int?

  @OptionGroup var shared: ModelOptions

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  /// For the argument parser.
  public init() {}

  /// Refuses operator sets that cannot be written.
  public func validate() throws {
    if let opset, !ONNXExporter.opsets.contains(opset) {
      throw ValidationError(
        "--opset \(opset): \(ONNXExporter.opsets.lowerBound) to \(ONNXExporter.opsets.upperBound) "
          + "can be written")
    }
  }

  /// Writes the file and says what it holds.
  public func run() throws {
    let loaded = try reporting {
      try shared.load(model, workers: shared.threads)
    }
    if !quiet { for warning in loaded.warnings { Console.warn(warning) } }
    let report: ONNXExporter.Report
    do throws(ExportError) {
      report = try ONNXExporter.export(loaded, to: output, opset: opset)
    } catch { throw Failure(error) }
    if json { return try JSON.print(report) }
    guard !quiet else { return }
    Console.say(
      "\(report.path): ONNX, opset \(report.opset), \(report.nodes) nodes, \(report.bytes) bytes"
        + (report.integerNodes == 0
          ? "" : "; \(report.integerNodes) nodes compute in integers"))
  }
}

extension Failure {
  /// The failure that an error of the exporter amounts to.
  fileprivate init(_ error: ExportError) {
    let outcome: Outcome =
      switch error {
      case .operators, .tooLarge: .unsupported
      case .opset, .wouldReplaceSource: .usage
      case .file: .invalidInput
      }
    self.init(outcome: outcome, message: error.description)
  }
}
