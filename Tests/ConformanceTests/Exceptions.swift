import Foundation

/// The cases that are left out, each with its reason: the file `exceptions` beside this one.
///
/// Lines are `name: reason`, below headings that begin with `#`. Above the first recorded heading,
/// names are patterns with `*` and stand for what will not be supported, or for what a whole group of
/// cases lacks. Below it each line is one case with the error that it gives, written by
/// `RECORD_EXCEPTIONS=1`.
struct Exceptions {
  /// A line of the file.
  struct Entry {
    let pattern: String
    let reason: String
    private let expression: Regex<Substring>?

    init(_ pattern: String, _ reason: String) {
      self.pattern = pattern
      self.reason = reason
      // A pattern is a name with stars: everything else stands for itself.
      let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
      let escaped = parts.map { NSRegularExpression.escapedPattern(for: String($0)) }
      expression =
        parts.count > 1 ? try? Regex(escaped.joined(separator: ".*"), as: Substring.self) : nil
    }

    func matches(_ id: String) -> Bool {
      guard let expression else { return id == pattern }
      return id.wholeMatch(of: expression) != nil
    }
  }

  /// Patterns that people wrote.
  let stated: [Entry]
  /// Cases that were recorded.
  let recorded: [Entry]
  /// The text above the first recorded heading.
  let statedText: String

  /// The recorded headings: for cases that cannot run, and for those that run.
  static let headings = ["# Not there yet", "# Other results than those on file"]

  static let path = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "exceptions").path

  init() throws {
    let text = try String(contentsOfFile: Self.path, encoding: .utf8)
    let end = Self.headings.compactMap { text.range(of: $0)?.lowerBound }.min() ?? text.endIndex
    statedText = String(text[..<end])
    stated = Self.entries(statedText)
    recorded = Self.entries(String(text[end...]))
  }

  private static func entries(_ text: String) -> [Entry] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      guard let colon = line.firstRange(of: ": ") else { return nil }
      return Entry(String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
    }
  }

  /// The reason why a case is left out, or nil.
  func reason(_ id: String) -> String? {
    (stated.first { $0.matches(id) } ?? recorded.first { $0.matches(id) })?.reason
  }

  /// Writes the file anew: what people wrote, and `failures`, which no pattern covers, by heading.
  func record(_ failures: [(id: String, error: String)]) throws {
    var text = statedText
    for heading in Self.headings {
      let isAboutResults = heading == Self.headings[1]
      let lines = failures.filter { $0.error.hasPrefix("output '") == isAboutResults }
      if lines.isEmpty { continue }
      text += heading + "\n\n" + lines.map { "\($0.id): \($0.error)\n" }.joined() + "\n"
    }
    while text.hasSuffix("\n\n") { text.removeLast() }
    try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
  }
}
