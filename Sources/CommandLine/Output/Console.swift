import Foundation

/// Standard error: warnings, errors and progress.
///
/// Results go to standard output by `print`.
enum Console {
  /// Whether standard error is a terminal.
  static let isTerminal = isatty(2) == 1

  /// Writes one line.
  static func complain(_ line: String) { write(line + "\n") }

  /// Writes a warning.
  static func warn(_ line: String) { write("warning: \(line)\n") }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
