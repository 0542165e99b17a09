public import ArgumentParser
// `stdout` is a variable there; nobody changes it.
@preconcurrency import Foundation
import ModelFormat

/// What a process ends with; docs/Commands.md has the table.
enum Outcome: Int32 {
  case done = 0
  case invalidInput = 1
  case usage = 2
  case unsupported = 3
  case verificationFailed = 4
  case targetMissed = 5
  case distrusted = 6
}

/// An error that ends a command: one line for people, a code for programs.
struct Failure: Error {
  let outcome: Outcome
  let message: String
}

extension ParsableCommand {
  /// Runs the command with the process's arguments and ends the process.
  ///
  /// Long options may be written in snake case. Errors are one line on standard error.
  public static func launch() -> Never {
    signal(SIGPIPE, SIG_DFL)
    MappedFile.guardAgainstLoss()
    let name = configuration.commandName ?? "pare"
    let arguments = Swift.CommandLine.arguments.dropFirst().map(kebabCase)
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      guard MappedFile.losses == 0 else {
        throw Failure(
          outcome: .invalidInput,
          message: FileError.lost(path: "a file that was read").description)
      }
      try requireOutput()
      Foundation.exit(Outcome.done.rawValue)
    } catch let failure as Failure {
      if !failure.message.isEmpty { Console.complain("\(name): \(failure.message)") }
      Foundation.exit(failure.outcome.rawValue)
    } catch {
      let code = exitCode(for: error)
      if code.isSuccess {  // help, version, completion scripts
        Console.say(fullMessage(for: error))
        Foundation.exit(Outcome.done.rawValue)
      }
      let verbs = configuration.subcommands.compactMap { $0.configuration.commandName }
      let verb = arguments.first.flatMap { verbs.contains($0) ? " " + $0 : nil } ?? ""
      let words = oneLine(message(for: error))
      Console.complain("\(name): \(words) (see \(name)\(verb) --help)")
      Foundation.exit(Outcome.usage.rawValue)
    }
  }

  /// Refuses to call done what could not be printed: on a full disk, say.
  private static func requireOutput() throws {
    guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
    throw Failure(
      outcome: .invalidInput,
      message: "standard output: cannot be written: \(String(cString: strerror(errno)))")
  }

  /// A message whose list of choices is a line for each, as one line.
  private static func oneLine(_ message: String) -> String {
    let lines = message.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let choices = lines.dropFirst().map { $0.hasPrefix("- ") ? String($0.dropFirst(2)) : $0 }
    return (lines.prefix(1) + (choices.isEmpty ? [] : [choices.joined(separator: ", ")]))
      .joined(separator: " ")
  }

  /// `--input_shape` as `--input-shape`; values stay as they are.
  private static func kebabCase(_ argument: String) -> String {
    guard argument.hasPrefix("--") else { return argument }
    guard let equals = argument.firstIndex(of: "=") else {
      return argument.replacing("_", with: "-")
    }
    return String(argument[..<equals]).replacing("_", with: "-") + argument[equals...]
  }
}
