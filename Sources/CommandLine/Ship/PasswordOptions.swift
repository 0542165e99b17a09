import ArgumentParser
import Foundation
import ModelFormat
import Ship

/// Where the password of a secret key comes from.
struct PasswordOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The password of the secret key is the first line of this file.", valueName: "file"))
  var passwordFile: String?

  /// The password, or nil where there is no file and no terminal to ask on.
  func password(_ question: String, twice: Bool = false) throws -> String? {
    if let passwordFile {
      let text: String
      do { text = try String(contentsOfFile: passwordFile, encoding: .utf8) } catch {
        throw Failure(
          outcome: .invalidInput,
          message: "\(passwordFile): cannot be read: \(error.localizedDescription)")
      }
      return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
    }
    guard isatty(0) == 1, let first = Self.ask(question) else { return nil }
    guard !twice || Self.ask("the same again") == first else {
      throw Failure(outcome: .usage, message: "the passwords differ: no key was made")
    }
    return first
  }

  private static func ask(_ question: String) -> String? {
    getpass("\(question): ").map { String(cString: $0) }
  }
}
