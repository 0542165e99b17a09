public import ArgumentParser
import Convert
import Datasets
import Foundation
import Interpreter
import Metadata
import ModelFormat

/// `pare evaluate`.
public struct EvaluateCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a classifier's accuracy on labelled data.",
    discussion: """
      EXAMPLE
        pare evaluate model.pare --data photos --against model.onnx

      Data is a folder with labels.tsv (file, tab, class index) or one folder for each class, a .tar \
      (WebDataset), or IDX images with their labels beside them.
      """)

  @Argument(help: ArgumentHelp("An .onnx or .pare file.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("Labelled data.", valueName: "path"))
  var data: String

  @Option(help: ArgumentHelp("Use at most this many samples.", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("A second model to compare with.", valueName: "model"))
  var against: String?

  @Option(
    help: ArgumentHelp(
      "Write sample, label, top1 and margin of every sample to this file.", valueName: "file.csv"))
  var predictions: String?

  @Flag(help: "The network's first class is no class: leave it out when counting.")
  var dropFirst = false

  @OptionGroup var images: PreprocessingOptions
  @OptionGroup var shared: ModelOptions
  @OptionGroup var work: WorkOption

  @Option(help: "How progress is shown on standard error.")
  var progress = ProgressStyle.auto

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Refuses counts that make no sense.
  public func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): at least 1") }
  }

  /// Measures and prints.
  public func run() throws {
    let start = ProcessCosts.now
    let result = try reporting { () throws -> EvaluationResult in
      let dataset = try Dataset(path: data, splitBatch: true)
      let accuracy = try measure(model, dataset)
      let other = try against.map { try measure($0, dataset) }
      if let predictions { try write(accuracy, to: predictions) }
      return EvaluationResult(accuracy, against: other, seconds: ProcessCosts.now - start)
    }
    if json { try JSON.print(result) } else { Console.say(result.text(model, against)) }
  }

  private func measure(_ path: String, _ dataset: Dataset) throws -> Accuracy {
    let loaded = try shared.load(path)
    let interpreter = try loaded.interpreter(threads: shared.threads, limits: work.limits)
    var steps = try images.resolve(loaded.metadata.preprocessing)
    if steps == nil,
      let guess = interpreter.inputs.first.flatMap({ Preprocessing.guess(for: $0.shape) })
    {
      if case .image? = try? dataset.sample(at: 0).content {
        Console.warn(
          "\(path): no --preprocess given: '\(guess.name)' is assumed for an input of "
            + "\(interpreter.inputs[0].shape)")
      }
      steps = guess
    }
    let display = ProgressDisplay(json ? .none : progress)
    let accuracy = try Accuracy.measure(
      interpreter, dataset, preprocessing: steps, limit: limit, dropsFirstClass: dropFirst
    ) { display.show(.init(stage: "evaluate", done: $0, total: $1)) }
    display.finish()
    if let first = accuracy.unreadable.first {
      Console.warn("\(accuracy.unreadable.count) samples could not be read; the first: \(first)")
    }
    return accuracy
  }

  private func write(_ accuracy: Accuracy, to path: String) throws {
    var text = "sample,label,top1,margin\n"
    for prediction in accuracy.predictions {
      let name =
        prediction.sample.contains(where: { ",\"\n".contains($0) })
        ? "\"" + prediction.sample.replacing("\"", with: "\"\"") + "\"" : prediction.sample
      text += "\(name),\(prediction.label),\(prediction.top1),\(prediction.margin)\n"
    }
    let bytes = Bytes(Array(text.utf8))
    try AtomicFile.write(to: path) { (sink) throws(FileError) in
      try bytes.withUnsafeBytes { (buffer) throws(FileError) in try sink(buffer) }
    }
  }
}

/// What an evaluation found; accuracies are fractions.
struct EvaluationResult: Encodable {
  /// The second model.
  struct Against: Encodable {
    let top1: Double
    let agreement: Double
  }

  let samples: Int
  let top1: Double
  let top5: Double
  let unreadable: Int
  let seconds: Double
  let against: Against?

  init(_ accuracy: Accuracy, against other: Accuracy?, seconds: Double) {
    samples = accuracy.predictions.count
    top1 = accuracy.top1
    top5 = accuracy.top5
    unreadable = accuracy.unreadable.count
    self.seconds = seconds
    against = other.map { Against(top1: $0.top1, agreement: accuracy.agreement(with: $0)) }
  }

  /// The result as lines of text.
  func text(_ model: String, _ other: String?) -> String {
    var lines = [
      "\(model): top-1 \(Text.percent(top1, digits: 2)), top-5 \(Text.percent(top5, digits: 2)) on "
        + "\(samples) samples" + String(format: ", %.1f s", seconds)
    ]
    if let against, let other {
      lines.append(
        "\(other): top-1 \(Text.percent(against.top1, digits: 2)); both agree on "
          + Text.percent(against.agreement, digits: 2))
    }
    return lines.joined(separator: "\n")
  }
}
