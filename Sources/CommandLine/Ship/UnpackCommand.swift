public import ArgumentParser
import ModelFormat
import Ship

/// `pare unpack`.
public struct UnpackCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "unpack",
    abstract: "Turn a packed file into the .pare file that it was made from, byte for byte.",
    discussion: """
      EXAMPLE
        pare unpack model.parez
        curl https://example.org/model.parez | pare unpack - -o model.pare --verify-key vendor.pub

      What has arrived is kept: where the file ends early or the process is ended, the same command \
      goes on. The result appears under its name when all of it is verified and on disk.
      """)

  @Argument(
    help: ArgumentHelp("A .parez file; - is standard input.", valueName: "packed"))
  var packed: String

  @OptionGroup var result: UnpackOptions

  /// For the argument parser.
  public init() {}

  /// Standard input has no name to derive one from.
  public func validate() throws {
    if packed == "-", result.output == nil {
      throw ValidationError("standard input needs --output")
    }
  }

  /// Unpacks and says what it is.
  public func run() throws {
    try result.unpack(packed, to: result.output ?? FileNames.replacing(packed, with: "pare"))
  }
}

/// `pare patch`.
public struct PatchCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "patch",
    abstract: "Make the new file of an old one and a delta.",
    discussion: """
      EXAMPLE
        pare patch old.pare update.pared -o new.pare

      The old file must be the very one that the delta was made from, and the result is the very file \
      that 'pare diff' was given: both are checked by digest.
      """)

  @Argument(help: ArgumentHelp("The .pare file that is there.", valueName: "old"))
  var old: String

  @Argument(help: ArgumentHelp("A .pared file; - is standard input.", valueName: "delta"))
  var delta: String

  @OptionGroup var result: UnpackOptions

  /// For the argument parser.
  public init() {}

  /// The result cannot lie under the name of the delta or of the old file.
  public func validate() throws {
    if result.output == nil { throw ValidationError("say where the new file goes: --output") }
  }

  /// Patches and says what came of it.
  public func run() throws {
    guard let output = result.output else { return }
    try result.unpack(delta, base: old, to: output)
  }
}

/// Options of the verbs that make a `.pare` file of a packed one.
struct UnpackOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The .pare file to write.", valueName: "out.pare"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Refuse the result unless the owner of this key signed it: a file of 'pare keygen' or minisign, or "
        + "the key itself.",
      valueName: "key"))
  var verifyKey: String?

  @Option(
    help: ArgumentHelp("Refuse what unpacks to more bytes: 8MB, 1GB.", valueName: "size"))
  var maxSize: ByteCount?

  @OptionGroup var shown: ResultOptions

  /// Unpacks and prints.
  func unpack(_ packed: String, base: String? = nil, to output: String) throws {
    let display = shown.progress("unpacking")
    let report = try reporting {
      let key = try verifyKey.map { (text) throws(ShipError) in try VerifyingKey(text) }
      return try Unpacker.unpack(
        packed, base: base, to: output, limit: maxSize?.value ?? .max,
        accept: { (file, path) throws(ShipError) in try key?.require(file, path: path) },
        advance: { display($0) })
    }
    try shown.print(report) {
      "\(report.path): \(Text.bytes(report.bytes)), digest \(report.digest.prefix(12))"
        + (report.resumedBytes > 0
          ? "; \(Text.bytes(report.resumedBytes)) were there from an earlier run" : "")
    }
  }
}
