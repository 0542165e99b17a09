public import ArgumentParser
public import Convert
import Foundation
import ModelFormat

/// `pare rank`.
public struct RankCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "rank",
    abstract: "Compress a model in every standard way and rank what comes of it.",
    discussion: """
      EXAMPLE
        pare rank model.onnx --data photos/test --calibration photos/train --html rank.html

      Ranks accuracy, time of a run, size, and time to compress; the overall rank is their mean. \
      Without --data, agreement with the original stands in for accuracy.
      """)

  @Argument(help: ArgumentHelp("The ONNX file.", valueName: "model.onnx"))
  var model: String

  @Option(help: ArgumentHelp("Labelled data to measure accuracy on.", valueName: "path"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Samples for ranges and for the repair of pruned layers, as in convert.", valueName: "path"))
  var calibration: String?

  @Option(help: ArgumentHelp("Use at most this many calibration samples.", valueName: "n"))
  var samples: Int?

  @Option(
    help: ArgumentHelp("Measure accuracy on at most this many samples.", valueName: "n"))
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Which of the standard methods to try, with commas between: "
        + MethodRecipe.standard.map(\.name).joined(separator: ", ") + ". (default: all)",
      valueName: "names"))
  var methods: String?

  @Option(
    help: ArgumentHelp(
      "A method of your own, with options of convert: 'mine=--prune 0.7 --quantize int8'. Repeatable.",
      valueName: "name=options"),
    transform: { text in
      guard let recipe = MethodRecipe(argument: text) else {
        throw ValidationError("'\(text)' is not of the form 'name=options of convert'")
      }
      return recipe
    })
  var method: [MethodRecipe] = []

  @Option(
    help: ArgumentHelp(
      "How much a criterion counts, 1 unless stated: accuracy=2,latency=1,size=1,time=0.",
      valueName: "list"))
  var weights: RankWeights?

  @Option(help: ArgumentHelp("Runs of each network that count.", valueName: "n"))
  var runs = 50

  @Flag(help: "The network's first class is no class: leave it out when counting.")
  var dropFirst = false

  @OptionGroup var images: PreprocessingOptions
  @OptionGroup var shared: ModelOptions

  @Option(help: ArgumentHelp("Seed of random samples, where none are given.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Write a page with tables, plots and commands to this file.", valueName: "out.html"))
  var html: String?

  @Option(
    help: ArgumentHelp(
      "Keep the compressed files in this folder; they are removed otherwise.", valueName: "folder"))
  var keep: String?

  @Option(help: "How progress is shown on standard error.")
  var progress = ProgressStyle.auto

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Refuses counts and names that make no sense.
  public func validate() throws {
    for (name, value) in [("--samples", samples), ("--limit", limit)] {
      if let value, value < 1 { throw ValidationError("\(name) \(value): at least 1") }
    }
    guard (1...1_000_000).contains(runs) else {
      throw ValidationError("--runs \(runs): 1 to 1000000 make sense")
    }
    var names = Set<String>()
    for recipe in try recipes() where !names.insert(recipe.name).inserted {
      throw ValidationError("two methods are called '\(recipe.name)'")
    }
    guard !names.isEmpty else { throw ValidationError("--methods names no method") }
  }

  /// Compresses, measures and prints.
  public func run() throws {
    let all = try recipes()
    let chosen = all.filter { calibration != nil || $0.samples != .needed }
    let methods = try chosen.map {
      try $0.method(model, shared: sharedArguments, sampling: samplingArguments)
    }
    for recipe in all where calibration == nil && recipe.samples == .needed {
      Console.warn("'\(recipe.name)' is left out: it needs --calibration")
    }
    if let html {
      try reporting { try AtomicFile.requireWritable(html) }
    }
    let folder = try reporting { try ArtifactFolder(keep) }
    defer { folder.remove() }
    let output = RankOutput(isJSON: json, page: html)
    let board = ReportBoard()
    Interruption.handle {
      guard board.close() else { return false }
      folder.remove()
      if let report = board.report { try? output.write(report) }
      Console.complain("pare: interrupted")
      return true
    }
    let settings = try settings(folder)
    let display = ProgressDisplay(json ? .none : progress)
    let report = try reporting {
      try Ranking.run(
        methods, settings, progress: { display.show($0) }, update: { board.post($0) })
    }
    display.finish()
    // Whoever closes the board prints.
    guard board.close() else { Interruption.awaitEnd() }
    for warning in report.warnings { Console.warn(warning) }
    try reporting { try output.write(report) }
  }

  private func recipes() throws -> [MethodRecipe] {
    guard let methods else { return MethodRecipe.standard + method }
    let named = try methods.split(separator: ",").map { name in
      guard let recipe = MethodRecipe.standard.first(where: { $0.name == name }) else {
        let names = MethodRecipe.standard.map(\.name).joined(separator: ", ")
        throw ValidationError("--methods: '\(name)' is none of \(names)")
      }
      return recipe
    }
    return named + method
  }

  private func settings(_ folder: ArtifactFolder) throws -> Ranking.Settings {
    var common = ConversionOptions(input: model)
    common.calibration = calibration
    common.samples = samples
    common.preprocessing = try images.resolve()
    common.dropsFirstClass = dropFirst
    common.inputShapes = shared.shapes
    common.threads = shared.threads
    common.seed = seed
    var settings = Ranking.Settings(common: common, folder: folder.path)
    settings.data = data
    settings.limit = limit
    settings.runs = runs
    settings.weights = weights ?? RankWeights()
    settings.keepsArtifacts = keep != nil
    return settings
  }

  /// What every conversion gets.
  private var sharedArguments: [String] {
    images.arguments + shared.inputShape.flatMap { ["--input-shape", $0.text] }
      + (shared.threads == 1 ? [] : ["--threads", "\(shared.threads)"])
      + (shared.isa.map { ["--isa", "\($0.set)"] } ?? [])
      + (seed == 0 ? [] : ["--seed", "\(seed)"])
  }

  /// What conversions get that look at samples.
  private var samplingArguments: [String] {
    (calibration.map { ["--calibration", $0] } ?? [])
      + (samples.map { ["--samples", "\($0)"] } ?? [])
  }
}

extension RankWeights: ExpressibleByArgument {
  /// Weights written as `accuracy=2,time=0`; what is not named counts once.
  public init?(argument: String) {
    self.init()
    for part in argument.split(separator: ",") {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let criterion = RankCriterion(rawValue: String(sides[0])),
        let weight = Double(sides[1]), weight >= 0, weight.isFinite
      else { return nil }
      self[criterion] = weight
    }
    guard RankCriterion.allCases.contains(where: { self[$0] > 0 }) else { return nil }
  }
}
