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

  /// Writes what can be written: a full disk must not end what the words are about, as `FileHandle` would.
  static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(2, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
