public import ArgumentParser
import Interpreter
import Metadata
import ModelFormat
import Ship

/// `pare install`.
public struct InstallCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Install a model on a device: verified, tried, and switched to in one step.",
    discussion: """
      EXAMPLE
        pare install model.parez --into /var/lib/models/detector --verify-key vendor.pub
        pare run /var/lib/models/detector/current photo.jpg

      Takes a .pare file, a packed one, or a delta from the installed one. It is verified and run on the \
      golden vector that is in it; where anything is wrong, what was installed before stays. DIR/current \
      leads to the installed file, DIR/previous to the one before.
      """)

  @Argument(help: ArgumentHelp("A .pare, .parez or .pared file.", valueName: "file"))
  var file: String

  @Option(
    help: ArgumentHelp("The folder of the model; made where it is not there.", valueName: "dir"))
  var into: String

  @Option(
    help: ArgumentHelp(
      "Refuse the file unless the owner of this key signed it: a file of 'pare keygen' or minisign, or "
        + "the key itself.",
      valueName: "key"))
  var verifyKey: String?

  @Flag(help: "Install a release that is older than one that was installed before.")
  var allowRollback = false

  @Option(help: ArgumentHelp("Refuse what unpacks to more bytes: 8MB, 1GB.", valueName: "size"))
  var maxSize: ByteCount?

  @OptionGroup var shown: ResultOptions

  /// For the argument parser.
  public init() {}

  /// Installs and says what is current now.
  public func run() throws {
    let report = try reporting { () throws -> Installer.Report in
      var policy = Installer.Policy()
      policy.key = try verifyKey.map { (text) throws(ShipError) in try VerifyingKey(text) }
      policy.allowsRollback = allowRollback
      policy.largest = maxSize?.value ?? .max
      return try Installer.install(file, into: into, policy: policy) { GoldenCheck.result($0) }
    }
    if !shown.quiet, !report.wasRun {
      Console.warn("\(file): says nothing of what it should compute: it was verified, and not run")
    }
    try shown.print(report) {
      "\(report.current): digest \(report.digest.prefix(12)), release \(report.release), "
        + Text.bytes(report.bytes)
        + (report.wasCurrent
          ? "; it was there already"
          : report.previous.map { "; before it \($0.prefix(12))" } ?? "")
    }
  }
}
