import Foundation

/// Results on standard output; warnings, errors and progress on standard error.
///
/// What terminals would obey rather than show is escaped (`Printable`).
enum Console {
  /// Whether standard error is a terminal.
  static let isTerminal = isatty(2) == 1

  /// Prints a result.
  static func say(_ text: String) { print(Printable.text(text)) }

  /// Writes one line.
  static func complain(_ line: String) { write(Printable.text(line) + "\n") }

  /// Writes a warning.
  static func warn(_ line: String) { complain("warning: \(line)") }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
