public import ArgumentParser
import Convert
import Datasets
import Interpreter
import Metadata
import ModelFormat

/// `pare verify`.
public struct VerifyCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare what two models compute; exit code 4 where they differ too much.",
    discussion: """
      EXAMPLE
        pare verify model.pare --against model.onnx --rtol 1e-4
      """)

  @Argument(help: ArgumentHelp("An .onnx or .pare file.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The model to compare with.", valueName: "model"))
  var against: String

  @Option(help: ArgumentHelp("Samples; random numbers unless --data is given.", valueName: "n"))
  var samples = 10

  @Option(help: ArgumentHelp("Samples to run on instead of random numbers.", valueName: "path"))
  var data: String?

  @Option(help: ArgumentHelp("Error allowed, as a part of the largest output.", valueName: "x"))
  var rtol = 1e-3

  @Option(help: ArgumentHelp("Error allowed in any case.", valueName: "x"))
  var atol = 1e-5

  @Option(help: ArgumentHelp("Seed of random numbers.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup var images: PreprocessingOptions
  @OptionGroup var shared: ModelOptions
  @OptionGroup var work: WorkOption

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Refuses counts that make no sense.
  public func validate() throws {
    guard samples >= 1 else { throw ValidationError("--samples \(samples): at least 1") }
    for (name, value) in [("--rtol", rtol), ("--atol", atol)] where !(value >= 0) {
      throw ValidationError("\(name) \(value): zero or more")
    }
  }

  /// Compares and prints.
  public func run() throws {
    let result = try reporting { try compare() }
    if json { try JSON.print(result) } else { Console.say(result.text) }
    if !result.passed { throw Failure(outcome: .verificationFailed, message: "") }
  }

  private func compare() throws -> VerificationResult {
    let a = try shared.load(model)
    let b = try LoadedModel(path: against, inputShapes: shared.shapes)
    let first = try a.interpreter(threads: shared.threads, limits: work.limits)
    let second = try b.interpreter(threads: shared.threads, limits: work.limits)
    func ports(_ ports: [Interpreter.Port]) -> [String] {
      ports.map { "\($0.type.name) \($0.shape)" }
    }
    guard ports(first.inputs) == ports(second.inputs),
      first.outputs.map(\.shape) == second.outputs.map(\.shape)
    else {
      throw Failure(
        outcome: .invalidInput,
        message: "\(model) and \(against) do not have the same inputs and outputs")
    }
    var comparison = OutputComparison()
    let dataset = try data.map { try Dataset(path: $0, splitBatch: true) }
    let steps = try images.resolve(a.metadata.preprocessing ?? b.metadata.preprocessing)
    let feed = try dataset.map { dataset in
      try SampleFeed(
        dataset, into: first,
        preprocessing: steps ?? first.inputs.first.flatMap { Preprocessing.guess(for: $0.shape) })
    }
    for index in 0..<min(samples, dataset?.count ?? samples) {
      if let feed {
        for item in 0..<feed.batch { _ = try feed.load(index, item: item, into: first) }
      } else {
        RandomSamples(seed: seed).load(index, into: first)
      }
      second.copyInputs(of: first)
      do { try second.run() } catch {
        // Where inputs decide shapes, most random ones make none that fits.
        if feed == nil, second.dependsOnData { continue }
        throw error
      }
      try first.run()
      comparison.compare(second.floats(), first.floats(), first.outputs)
    }
    guard comparison.samples > 0 || samples == 0 else {
      throw Failure(
        outcome: .invalidInput,
        message: "no random sample fits \(against), whose shapes depend on its inputs; give --data")
    }
    return VerificationResult(comparison, rtol: rtol, atol: atol)
  }
}

/// How far two models are apart.
struct VerificationResult: Encodable {
  let samples: Int
  let maxAbs: Double
  let meanAbs: Double
  let cosine: Double
  let top1Agreement: Double
  let isClassification: Bool
  let allowed: Double
  let passed: Bool

  init(_ comparison: OutputComparison, rtol: Double, atol: Double) {
    samples = comparison.samples
    maxAbs = comparison.maximumError
    meanAbs = comparison.meanError
    cosine = comparison.cosine
    top1Agreement = comparison.top1Agreement
    isClassification = comparison.isClassification
    allowed = atol + rtol * comparison.largest
    passed =
      comparison.maximumError <= allowed && comparison.notFinite == 0
      && comparison.otherShapes == 0
  }

  /// The result as a line of text.
  var text: String {
    "\(passed ? "same" : "DIFFERENT"): largest error \(maxAbs), \(allowed) allowed; mean \(meanAbs), "
      + "cosine \(cosine), "
      + (isClassification ? "same top-1 on \(Text.percent(top1Agreement)) of " : "on ")
      + "\(samples) samples"
  }
}
