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
