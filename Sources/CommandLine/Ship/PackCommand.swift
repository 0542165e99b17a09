public import ArgumentParser
import Ship

/// `pare pack`.
public struct PackCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Make the form of a file that is sent to devices: near the entropy of its weights.",
    discussion: """
      EXAMPLE
        pare pack model.pare
        pare unpack model.parez

      Each stream of the file is coded by itself, in chunks of 64 KiB with a digest each. 'pare unpack' \
      gives the same bytes again.
      """)

  @Argument(help: ArgumentHelp("A .pare file.", valueName: "model"))
  var model: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The file to write; MODEL.parez unless stated.", valueName: "out.parez"))
  var output: String?

  @OptionGroup var shown: ResultOptions

  /// For the argument parser.
  public init() {}

  /// Packs and says how small it became.
  public func run() throws {
    let place = output ?? FileNames.replacing(model, with: "parez")
    let display = shown.progress("packing")
    let report = try reporting {
      try Packer.pack(model, to: place) { display($0) }
    }
    try shown.print(report) {
      "\(report.path): \(Text.bytes(report.bytes)), unpacks to \(Text.bytes(report.unpackedBytes)) "
        + "(\(Text.percent(Double(report.bytes) / Double(report.unpackedBytes))))"
    }
  }
}

/// `pare diff`.
public struct DiffCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Make a delta: what a device needs that has an older file.",
    discussion: """
      EXAMPLE
        pare diff old.pare new.pare -o update.pared
        pare patch old.pare update.pared -o new.pare

      Tensors that are the same are named alone; others are stored as what is to be added to those of \
      the old file, or whole where that is smaller.
      """)

  @Argument(help: ArgumentHelp("The .pare file that the device has.", valueName: "old"))
  var old: String

  @Argument(help: ArgumentHelp("The .pare file that it shall have.", valueName: "new"))
  var new: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The file to write; NEW.pared unless stated.", valueName: "out.pared"))
  var output: String?

  @OptionGroup var shown: ResultOptions

  /// For the argument parser.
  public init() {}

  /// Makes the delta and says how small it is.
  public func run() throws {
    let place = output ?? FileNames.replacing(new, with: "pared")
    let display = shown.progress("comparing")
    let report = try reporting {
      try Packer.pack(new, from: old, to: place) { display($0) }
    }
    try shown.print(report) {
      "\(report.path): \(Text.bytes(report.bytes)), makes \(Text.bytes(report.unpackedBytes)) "
        + "of \(old)"
    }
  }
}
