public import ArgumentParser
import Foundation
import ModelFormat
import Ship

/// `pare keygen`.
public struct KeygenCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Make a pair of keys: one to sign models with, one to verify them.",
    discussion: """
      EXAMPLE
        pare keygen vendor
        pare sign model.pare --key vendor.key
        pare run model.pare photo.jpg --verify-key vendor.pub

      Writes NAME.key, which stays secret, and NAME.pub, which goes to devices. Both are minisign's \
      files. The secret one is encrypted by a password, which is asked for on a terminal.
      """)

  @Argument(help: ArgumentHelp("Name of the keys, without .key and .pub.", valueName: "name"))
  var name = "pare"

  @OptionGroup var secret: PasswordOptions

  @Flag(help: "Write the secret key as it is, for machines that sign by themselves.")
  var noPassword = false

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// What `--json` prints.
  private struct Report: Encodable {
    let key: String
    let publicKey: String
    let publicKeyFile: String
    let secretKeyFile: String
  }

  /// Makes the keys; none is ever written over.
  public func run() throws {
    let files = (secret: name + ".key", verifying: name + ".pub")
    for file in [files.secret, files.verifying] where AtomicFile.exists(file) {
      throw Failure(ShipError.key(file, .exists))
    }
    let password =
      noPassword ? nil : try secret.password("password for \(files.secret)", twice: true)
    guard noPassword || password != nil else {
      throw Failure(
        outcome: .usage,
        message: "no terminal to ask for a password: say --password-file FILE, or --no-password")
    }
    let key = SigningKey()
    guard let text = key.text(password: password) else {
      throw Failure(
        outcome: .invalidInput,
        message: "too little memory to encrypt the key (1 GB is needed); --no-password does without"
      )
    }
    try reporting {
      try AtomicFile.write([UInt8](text.utf8), to: files.secret, isSecret: true, isNew: true)
      do throws(FileError) {
        try AtomicFile.write([UInt8](key.verifying.text.utf8), to: files.verifying, isNew: true)
      } catch {
        // One half of a pair would be in the way of the next attempt.
        AtomicFile.remove(files.secret)
        throw error
      }
    }
    if json {
      return try JSON.print(
        Report(
          key: key.number, publicKey: key.verifying.base64,
          publicKeyFile: files.verifying, secretKeyFile: files.secret))
    }
    Console.say("\(files.secret): keep it secret\n\(files.verifying): give it to those who verify")
    Console.say("key \(key.number): \(key.verifying.base64)")
  }
}

/// `pare sign`.
public struct SignCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a model, so that devices can tell who made it.",
    discussion: """
      EXAMPLE
        pare sign model.pare --key vendor.key --release 7
        pare inspect model.pare --verify-key vendor.pub
        minisign -V -p vendor.pub -m model.pare

      Writes the signature into the file, and another of the result beside it, MODEL.minisig, as \
      minisign does. Keys are those of 'pare keygen' or of minisign.
      """)

  @Argument(help: ArgumentHelp("A .pare file.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The secret key.", valueName: "file"))
  var key: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The signed file; MODEL is replaced unless stated.", valueName: "out.pare"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The release of the model: devices refuse one that is older than what they had.",
      valueName: "n"))
  var release: UInt64?

  @Flag(help: "Leave the file as it is and write MODEL.minisig alone.")
  var detached = false

  @OptionGroup var secret: PasswordOptions
  @OptionGroup var shown: ResultOptions

  /// For the argument parser.
  public init() {}

  /// A detached signature is of the file as it is.
  public func validate() throws {
    if detached, output != nil || release != nil {
      throw ValidationError("--detached leaves the file as it is: no --output, no --release")
    }
  }

  /// Signs and says by which key.
  public func run() throws {
    let report = try reporting {
      let signer = try SigningKey(path: key) { try? secret.password("password for \(key)") }
      return try Signer.sign(
        model, by: signer, to: output ?? model, release: release, isDetached: detached)
    }
    try shown.print(report) {
      "\(report.path): signed by key \(report.key), release \(report.release), digest "
        + "\(report.digest.prefix(12))\n\(report.signature): the same for minisign"
    }
  }
}
