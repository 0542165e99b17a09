public import ArgumentParser
import Convert
import Foundation
import ModelFormat

/// `pare convert`, and `convert` by itself.
public struct ConvertCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Compress an ONNX model into one .pare file, and prove what came of it.",
    discussion: """
      EXAMPLE
        convert model.onnx --prune 0.5 --quantize int8 --calibration photos

      Reads model.onnx, sets half of its weights to zero, turns weights and activations into \
      eight-bit integers with ranges from the photos, writes model.pare, opens it again and compares \
      it with the original on the same photos.
      """,
    version: Converter.version)

  @Argument(help: ArgumentHelp("The ONNX file.", valueName: "model.onnx"))
  var model: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The file to write; beside the input unless stated.", valueName: "out.pare"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Set weights to zero: 0.5 (the smallest half), 2:4 (two in every four input channels stay), "
        + "block:0.75 (1x4 blocks along input channels). Repeatable, in order.", valueName: "spec"),
    transform: ConversionOptions.Pruning.parse)
  var prune: [ConversionOptions.Pruning] = []

  @Option(
    help: ArgumentHelp(
      "One threshold for the network, or the same fraction of every layer. (default: global; layer "
        + "for blocks)"))
  var pruneScope: ConversionOptions.PruningScope?

  @Option(
    help: ArgumentHelp(
      "How zeros are chosen. By what they do to the outputs, with the other weights fitted to "
        + "make good, where there is --calibration; by magnitude elsewhere."))
  var pruneMethod: ConversionOptions.PruningMethod = .auto

  @Option(
    help: ArgumentHelp(
      "Train the pruned network to put out what the original does, on the samples of --calibration "
        + "without labels. (auto: unless the effort is fast)"))
  var distil: ConversionOptions.Switch = .auto

  @Option(
    help: ArgumentHelp(
      "int8 is static with --calibration and dynamic without; int8-weights needs no data at all.",
      valueName: "mode"))
  var quantize = ConversionOptions.Quantization.none

  @Option(
    help: ArgumentHelp(
      "Bits of integer weights, 2 to 8; 4 for int4 and int4-weights, 8 for the others unless stated.",
      valueName: "n"),
    transform: ConversionOptions.parseWeightBits)
  var weightBits: Int?

  @Option(
    help:
      "Levels of weights below eight bits: equal steps, or a palette for each layer; auto is a palette up to four bits."
  )
  var weightGrid = ConversionOptions.Grid.auto

  @Option(
    help: ArgumentHelp(
      "How weights become integers: gptq keeps the outputs of layers on --calibration samples; auto does "
        + "so below eight bits."))
  var rounding = ConversionOptions.Rounding.auto

  @Option(
    help: ArgumentHelp(
      "How pruned weights are stored; the smallest by exact bytes unless stated.",
      valueName: "encoding"))
  var sparseEncoding: Encoding?

  @Option(
    help: ArgumentHelp(
      "Store dense weights in the order of this processor's kernels: the file opens faster there, and "
        + "runs everywhere.", valueName: "processor"))
  var target: ConversionOptions.Target?

  @Option(
    help: ArgumentHelp(
      "Samples for ranges and for verification: a folder of images, .npy or .npz files, a .tar "
        + "(WebDataset), IDX images.", valueName: "path"))
  var calibration: String?

  @Option(help: "How the range of an activation follows from the samples.")
  var calibrationMethod = ConversionOptions.CalibrationMethod.auto

  @Option(help: ArgumentHelp("Use at most this many calibration samples.", valueName: "n"))
  var samples: Int?

  @Option(
    help: ArgumentHelp(
      "Keep ranges in this file, and take them from it when it is there: no sample is run again.",
      valueName: "file"))
  var calibrationCache: String?

  @Option(
    help: ArgumentHelp(
      "How much time repair may take: fast measures nothing, balanced takes seconds, thorough tries all "
        + "that may help."))
  var effort = ConversionOptions.Effort.balanced

  @Option(help: "Scale channels so that one range serves all of them, where that helps.")
  var equalize = ConversionOptions.Switch.auto

  @Option(
    help: "Give outputs of a pruned network their means and deviations again; needs --calibration.")
  var correctStatistics = ConversionOptions.Switch.auto

  @Option(help: "Take the mean error of rounded weights out of biases.")
  var biasCorrection = ConversionOptions.Switch.auto

  @OptionGroup var images: PreprocessingOptions

  @Option(
    help: ArgumentHelp("Class names, one a line, to keep in the file.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Labelled data: measure top-1 accuracy before and after.", valueName: "path"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Labelled data to train on while weights become zero, part of it held back to choose by; --data "
        + "stays what accuracy is measured on.", valueName: "path"))
  var trainData: String?

  @Option(
    help: ArgumentHelp(
      "How often training looks at each sample. (default: 20; 5 and 60 for the other efforts)",
      valueName: "n"))
  var epochs: Int?

  @Option(
    help: ArgumentHelp(
      "The most top-1 accuracy that may be lost on --data, e.g. 1%; exit code 5 beyond.",
      valueName: "fraction"))
  var maxDrop: Fraction?

  @Option(
    help: ArgumentHelp(
      "The most bytes of the file, e.g. 1.5MB: each layer gets the bits that serve best.",
      valueName: "size"))
  var targetSize: ByteCount?

  @Option(
    help: ArgumentHelp(
      "The longest run on this machine with --threads, e.g. 5ms.", valueName: "time"))
  var targetLatency: Duration?

  @Option(
    help: ArgumentHelp(
      "End a search or training after this long, e.g. 10m, with the best that was found; Ctrl-C does so too.",
      valueName: "time"))
  var timeLimit: Duration?

  @Option(
    help: ArgumentHelp(
      "Seconds between checkpoints of pruning by samples, distilling and training, beside the output; the same "
        + "command goes on from there if it is killed. 0 makes none. (default: 60)",
      valueName: "time"),
    transform: ConversionOptions.parseCheckpoints)
  var checkpointEvery = 60.0

  @Flag(help: "Begin anew where there is a checkpoint.")
  var restart = false

  @Flag(help: "The network's first class is no class: leave it out when counting.")
  var dropFirst = false

  @Option(
    help: ArgumentHelp("Leave nodes alone whose names match.", valueName: "regex"))
  var exclude: String?

  @Option(
    help: ArgumentHelp(
      "Treat nodes otherwise whose names match: 'conv1=none', 'head.*=int8,prune=0.3'. Repeatable; a "
        + "later one goes over an earlier one.", valueName: "regex=mode"),
    transform: ConversionOptions.LayerRule.parse)
  var layer: [ConversionOptions.LayerRule] = []

  @OptionGroup var shared: ModelOptions

  @Option(help: ArgumentHelp("Seed of random samples, where none are given.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Take at most this much memory, apart from mapped files.", valueName: "size"))
  var maxMemory: ByteCount?

  @Flag(
    help:
      "Do everything but write: a forecast of size and accuracy. A checkpoint serves, and stays."
  )
  var dryRun = false

  @Option(
    name: .customLong("verify"),
    help: ArgumentHelp("Compare with the original on this many samples.", valueName: "n"))
  var verificationSamples = 100

  @Flag(help: "Do not compare with the original.")
  var noVerify = false

  @Option(
    help: ArgumentHelp(
      "The release of the model: 'pare install' refuses one that is older than what there was.",
      valueName: "n"))
  var release: UInt64 = 0

  @Flag(help: "Keep seconds and memory of each pass in the file; it then differs from run to run.")
  var recordCosts = false

  @Option(help: "How progress is shown on standard error.")
  var progress = ProgressStyle.auto

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Flag(help: "Print what each pass did.")
  var verbose = false

  /// For the argument parser.
  public init() {}

  /// Refuses combinations that make no sense.
  public func validate() throws {
    if maxDrop != nil, data == nil {
      throw ValidationError("--max-drop needs --data to measure accuracy on")
    }
    if let epochs {
      guard trainData != nil else { throw ValidationError("--epochs needs --train-data") }
      guard (1...100_000).contains(epochs) else {
        throw ValidationError("--epochs \(epochs): 1 to 100000 make sense")
      }
    }
    if calibration == nil {
      let needing = [
        pruneMethod == .secondOrder ? "--prune-method second-order" : nil,
        distil == .on ? "--distil on" : nil,
      ]
      if let option = needing.compactMap({ $0 }).first {
        throw ValidationError("\(option) needs --calibration: samples to fit to, without labels")
      }
    }
    if let samples, samples < 1 { throw ValidationError("--samples \(samples): at least 1") }
    guard (0...1_000_000).contains(verificationSamples) else {
      throw ValidationError("--verify \(verificationSamples): 0 to 1000000 make sense")
    }
  }

  /// Converts and prints the report.
  public func run() throws {
    let options = try options()
    let display = ProgressDisplay(quiet || json ? .none : progress)
    let stop = StopSignal(after: options.timeLimit)
    let distils = !options.pruning.isEmpty && options.calibration != nil
    if options.goal != nil || options.trainingData != nil || distils {
      // The first time a search or training ends with the best it has; the second time the process ends.
      Interruption.handle {
        defer { stop.give() }
        if stop.wasGiven, options.checkpointSeconds > 0,
          FileManager.default.fileExists(atPath: options.checkpoint)
        {
          Console.complain("the same command goes on from \(options.checkpoint)")
        }
        return stop.wasGiven
      }
    }
    let report = try reporting { try Converter.convert(options, stop: stop) { display.show($0) } }
    display.finish()
    if !quiet {
      for warning in report.warnings where !display.notices.contains("warning: " + warning) {
        Console.warn(warning)
      }
    }
    if json {
      try JSON.print(report)
    } else if !quiet {
      Console.say(ConversionText.describe(report, isVerbose: verbose))
    }
    if report.missedTarget {
      throw Failure(
        outcome: .targetMissed,
        message: SearchText.missed(report)
          ?? "top-1 fell by more than --max-drop allows; --quantize auto looks for a form that keeps "
          + "it; the result is written all the same")
    }
  }

  /// What the arguments say, as values.
  func options() throws -> ConversionOptions {
    var options = ConversionOptions(input: model, output: output)
    options.pruning = prune
    options.pruningScope = pruneScope
    options.pruningMethod = pruneMethod
    options.distillation = distil
    options.quantization = quantize
    options.weightBits = weightBits
    options.weightGrid = weightGrid
    options.rounding = rounding
    options.sparseEncoding = sparseEncoding
    options.target = target
    options.calibration = calibration
    options.calibrationMethod = calibrationMethod
    options.samples = samples
    options.calibrationCache = calibrationCache
    options.effort = effort
    options.equalization = equalize
    options.biasCorrection = biasCorrection
    options.statisticsCorrection = correctStatistics
    options.layerRules = layer
    options.preprocessing = try images.resolve()
    options.data = data
    options.trainingData = trainData
    options.epochs = epochs
    options.maximumDrop = maxDrop?.value
    options.targetBytes = targetSize?.value
    options.targetLatency = targetLatency.map { $0.seconds * 1000 }
    options.timeLimit = timeLimit?.seconds
    options.checkpointSeconds = checkpointEvery
    options.restarts = restart
    options.dropsFirstClass = dropFirst
    options.exclude = exclude
    options.inputShapes = shared.shapes
    options.threads = shared.threads
    options.seed = seed
    options.maximumMemory = maxMemory?.value
    options.isDryRun = dryRun
    options.release = release
    options.verificationSamples = noVerify ? 0 : verificationSamples
    options.recordsCosts = recordCosts
    if let labels { options.labels = try LabelFile.read(labels) }
    return options
  }
}

/// A file of class names, one a line.
enum LabelFile {
  static func read(_ path: String) throws -> [String] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw Failure(outcome: .invalidInput, message: "\(path): labels cannot be read as UTF-8 text")
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.hasSuffix("\r") ? String($0.dropLast()) : String($0)
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
